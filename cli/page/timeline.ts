import { notesOf, type Sign, signOf } from '../render/graph.ts';
import { duration } from '../render/text.ts';
import type { Failure, Visit } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';
import { html, type Markup } from './markup.ts';

/** The visits in order, as short as possible: a reader sees the whole path at once. Each links to its row. */
export function pathList(machine: StateMachine, visits: readonly Visit[]): Markup {
  return html`<ol class="path" aria-labelledby="path">
${visits.map((visit, at) => {
  const sign = signOf(machine, visit);
  return html`<li><a class="${sign}" href="#visit-${at + 1}" aria-label="${visit.state}, ${sign}"><span class="dot ${sign}">${dots[sign]}</span> ${visit.state}</a></li>
`;
})}</ol>`;
}

/** One row for each visit, by time: start, duration and result. Input, output and failures are collapsed. */
export function timeline(machine: StateMachine, visits: readonly Visit[]): Markup {
  const start = visits[0]?.enteredAt ?? 0;
  const end = Math.max(...visits.map(({ enteredAt, endedAt }) => endedAt ?? enteredAt), start);
  const rows = visits.map((visit, at) => row(machine, visit, { number: at + 1, start, end }));
  return html`<table class="timeline" aria-labelledby="visits">
<thead><tr><th scope="col">#</th><th scope="col">state</th><th scope="col" class="start">start</th><th scope="col" class="took">duration</th><th scope="col" class="part">part of the time</th><th scope="col">result</th></tr></thead>
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

/** The position of a visit in the execution. Times are epoch milliseconds. */
interface Frame {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

function row(machine: StateMachine, visit: Visit, frame: Frame): Markup {
  const sign = signOf(machine, visit);
  const took = visit.endedAt === null ? '…' : duration(visit.endedAt - visit.enteredAt);
  const notes = notesOf(machine, visit).join('\n');
  return html`<tr id="visit-${frame.number}"><td class="number">${frame.number}</td><th scope="row" class="name"><span class="dot ${sign}" role="img" aria-label="${sign}">${dots[sign]}</span> <span class="mono">${visit.state}</span></th><td class="number start">${duration(visit.enteredAt - frame.start)}</td><td class="number">${took}</td><td class="part">${bar(visit, sign, frame)}</td><td class="details"><div>${notes}</div>${collapsed(visit)}</td></tr>
`;
}

/** The minimum visible width of a bar, in percent. */
const minimumBarWidth = 0.8;

function bar({ enteredAt, endedAt }: Visit, sign: Sign, { start, end }: Frame): Markup {
  const whole = Math.max(end - start, 1);
  const width = Math.max((((endedAt ?? end) - enteredAt) * 100) / whole, minimumBarWidth);
  const from = Math.min(((enteredAt - start) * 100) / whole, 100 - minimumBarWidth);
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${sign}" x="${from.toFixed(2)}" y="1" width="${width.toFixed(2)}" height="8"/></svg>`;
}

function collapsed({ input, output, retries, failure }: Visit): Markup[] {
  const tried = retries.map((one, at) => disclosure(`attempt ${at + 1} failed`, failureText(one)));
  const failed = failure === null ? [] : [disclosure('failed', failureText(failure))];
  return [...tried, ...failed, ...value('input', input), ...value('output', output)];
}

const failureText = ({ error, cause }: Failure) => (cause === '' ? error : `${error}\n${cause}`);

function value(name: string, data: unknown): Markup[] {
  return data === undefined ? [] : [disclosure(name, JSON.stringify(data, null, 2) ?? '')];
}

/** Characters. Browsers become slow with longer values; `--json` prints them in full. */
const maximumCharacters = 100_000;

/** Text that is hidden until the reader opens it. */
export function disclosure(name: string, text: string): Markup {
  const cut = text.length - maximumCharacters;
  const shown =
    cut > 0
      ? `${text.slice(0, maximumCharacters)}\n… and ${cut} more characters (in full with --json)`
      : text;
  return html`<details><summary>${name}</summary><pre><code>${shown}</code></pre></details>`;
}
