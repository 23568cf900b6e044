import { counted } from '../../core/counted.ts';
import { duration } from '../render/text.ts';
import type { Visit } from '../report/visits.ts';
import type { Drawing, Point, PositionedState, PositionedTransition } from './graph-layout.ts';
import { html, type Markup } from './markup.ts';

/** The sign of a visit, used as a CSS class. */
type SignOf = (visit: Visit) => string;

/** A drawing and its accessible name. `id` keeps the ids of several drawings on a page apart. */
interface NamedDrawing extends Drawing {
  readonly id: string;
  readonly label: string;
}

/** The drawing of a state machine with the path taken highlighted. Each visited state links to its last visit. */
export function graphSvg(
  { id, label: name, width, height, states, transitions }: NamedDrawing,
  visits: readonly Visit[],
  signOf: SignOf,
): Markup {
  const inOrder = [...transitions].sort((one, other) => one.taken - other.taken);
  return html`<svg class="graph" role="group" aria-label="${name}" width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}">
<defs>${['idle', 'taken'].map(
    (which) =>
      html`<marker id="${id}-${which}" class="${which}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker>`,
  )}</defs>
${inOrder.map((transition) => transitionSvg(transition, id))}
${states.map((state) => stateSvg(state, visits, signOf))}
</svg>`;
}

function transitionSvg({ from, to, kind, taken, points }: PositionedTransition, id: string): Markup {
  const which = taken > 0 ? 'taken' : 'idle';
  const times = taken > 1 ? `, ${taken} times` : '';
  const after = kind === 'catch' ? ' after a failure' : '';
  return html`<path class="way ${which} ${kind}" d="${curve(points)}" marker-end="url(#${id}-${which})"><title>${from} to ${to}${after}: ${taken > 0 ? `taken${times}` : 'not taken'}</title></path>
`;
}

/** A line through the points, with rounded corners. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  const middles = points.slice(1, -1).map(({ x, y }, at) => {
    const next = points[at + 2] ?? { x, y };
    const isLast = at + 2 === points.length - 1;
    const end = isLast ? next : { x: (x + next.x) / 2, y: (y + next.y) / 2 };
    return `Q${x.toFixed(1)} ${y.toFixed(1)} ${end.x.toFixed(1)} ${end.y.toFixed(1)}`;
  });
  return middles.length === 0 ? `M${first ?? '0 0'}L${rest.at(-1) ?? '0 0'}` : `M${first}${middles.join('')}`;
}

function stateSvg(
  { name, type, visits: at, ...box }: PositionedState,
  visits: readonly Visit[],
  signOf: SignOf,
): Markup {
  const here = at.flatMap((index) => visits[index] ?? []);
  const last = here.at(-1);
  if (last === undefined)
    return html`<g class="state never">${shape(type, box)}${label(name, box)}<title>${name}: never entered</title></g>
`;
  const total = here.reduce((sum, { enteredAt, endedAt }) => sum + ((endedAt ?? enteredAt) - enteredAt), 0);
  const retries = here.reduce((sum, visit) => sum + visit.retries.length, 0);
  const count = here.length > 1 || retries > 0 ? [badge(here.length, retries, box)] : [];
  const entered = `${name}: entered ${counted(here.length, 'time')}, ${duration(total)}`;
  const title = retries > 0 ? `${entered}, retried ${counted(retries, 'time')}` : entered;
  return html`<a href="#visit-${(at.at(-1) ?? 0) + 1}" aria-label="${title}"><g class="state ${signOf(last)}">${shape(type, box)}${label(name, box)}${count}<title>${title}</title></g></a>
`;
}

type Box = Pick<PositionedState, 'x' | 'y' | 'width' | 'height'>;

/** Choices have slanted ends; end states have round ends. */
function shape(type: string, { x, y, width, height }: Box): Markup {
  const [left, top, right, bottom] = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  if (type === 'Choice') {
    const points = [
      [left, y],
      [left + 10, top],
      [right - 10, top],
      [right, y],
      [right - 10, bottom],
      [left + 10, bottom],
    ];
    return html`<polygon points="${points.map((point) => point.map((value) => value.toFixed(1)).join(',')).join(' ')}"/>`;
  }
  const radius = type === 'Succeed' || type === 'Fail' ? height / 2 : 4;
  return html`<rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" rx="${radius}"/>`;
}

function label(name: string, { x, y }: Box): Markup {
  return html`<text x="${x.toFixed(1)}" y="${(y + 4).toFixed(1)}">${name}</text>`;
}

function badge(count: number, retries: number, { x, y, width, height }: Box): Markup {
  const text = [...(count > 1 ? [`×${count}`] : []), ...(retries > 0 ? [`↻${retries}`] : [])].join(' ');
  return html`<text class="badge" x="${(x + width / 2 - 4).toFixed(1)}" y="${(y - height / 2 - 3).toFixed(1)}">${text}</text>`;
}
