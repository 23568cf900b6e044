import { notesOf, type Sign, signOf } from '../render/graph.ts';
import { duration } from '../render/text.ts';
import type { Failure, Visit } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';
import { html, type Markup } from './markup.ts';

/** One row a visit, in the order of time: when, how long, what was said; input, output and failures folded away. */
export function timeline(machine: StateMachine, visits: readonly Visit[]): Markup {
  const start = visits[0]?.enteredAt ?? 0;
  const end = Math.max(...visits.map(({ enteredAt, endedAt }) => endedAt ?? enteredAt), start);
  const rows = visits.map((visit, at) => row(machine, visit, { number: at + 1, start, end }));
  return html`<table class="timeline">
<thead><tr><th>#</th><th>state</th><th>after</th><th>took</th><th></th><th>what happened</th></tr></thead>
<tbody>
${rows}</tbody>
</table>`;
}

const dots: Readonly<Record<Sign, string>> = {
  running: '○',
  succeeded: '✔',
  failed: '✖',
  choice: '◇',
  wait: '◷',
  troubled: '●',
  good: '●',
};

/** When a visit was, within the whole execution. */
interface Frame {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

function row(machine: StateMachine, visit: Visit, frame: Frame): Markup {
  const sign = signOf(machine, visit);
  const took = visit.endedAt === null ? '…' : duration(visit.endedAt - visit.enteredAt);
  const said = notesOf(machine, visit).join('\n');
  return html`<tr id="visit-${frame.number}"><td class="number">${frame.number}</td><td class="name"><span class="dot ${sign}">${dots[sign]}</span> <span class="mono">${visit.state}</span></td><td class="number">${duration(visit.enteredAt - frame.start)}</td><td class="number">${took}</td><td>${bar(visit, sign, frame)}</td><td class="said"><div>${said}</div>${folded(visit)}</td></tr>
`;
}

/** Shorter than this, in parts of a hundred, nobody would see a bar. */
const thinnest = 0.8;

function bar({ enteredAt, endedAt }: Visit, sign: Sign, { start, end }: Frame): Markup {
  const whole = Math.max(end - start, 1);
  const width = Math.max((((endedAt ?? end) - enteredAt) * 100) / whole, thinnest);
  const from = Math.min(((enteredAt - start) * 100) / whole, 100 - thinnest);
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${sign}" x="${from.toFixed(2)}" y="1" width="${width.toFixed(2)}" height="8"/></svg>`;
}

function folded({ input, output, retries, failure }: Visit): Markup[] {
  const tried = retries.map((one, at) => fold(`attempt ${at + 1} failed`, failureText(one)));
  const failed = failure === null ? [] : [fold('failed', failureText(failure))];
  return [...tried, ...failed, ...value('input', input), ...value('output', output)];
}

const failureText = ({ error, cause }: Failure) => (cause === '' ? error : `${error}\n${cause}`);

function value(name: string, data: unknown): Markup[] {
  return data === undefined ? [] : [fold(name, JSON.stringify(data, null, 2) ?? '')];
}

/** More of one value than this makes a page that browsers are slow with; `--json` has all of it. */
const longestShown = 100_000;

/** Text that is shown when somebody wants to see it. */
export function fold(name: string, text: string): Markup {
  const cut = text.length - longestShown;
  const shown =
    cut > 0 ? `${text.slice(0, longestShown)}\n… and ${cut} more characters (--json has them)` : text;
  return html`<details><summary>${name}</summary><pre><code>${shown}</code></pre></details>`;
}
