import { executionPageOf } from '../../core/console-link.ts';
import { counted } from '../../core/counted.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import { servedNow } from '../../core/deployment/served-now.ts';
import type { InspectedExecution, ReportedWave } from '../../services/backend/backend.ts';
import { machineNameOf } from '../render/execution.ts';
import { signOf } from '../render/graph.ts';
import type { OwnCommand } from '../render/next-steps.ts';
import { rolloutMeanings } from '../render/rollout-outcomes.ts';
import { duration, shortFingerprint } from '../render/text.ts';
import type { Times } from '../render/times.ts';
import { elapsed } from '../report/deployment-report.ts';
import { unrecordedEnd, type Visit, visitsOf } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';
import { enteredPart, layOut } from './graph-layout.ts';
import { graphSvg } from './graph-svg.ts';
import { html, type Markup } from './markup.ts';
import { pageText } from './page-frame.ts';
import { style } from './style.ts';
import { disclosure, pathList, timeline } from './timeline.ts';
import { wavesTable } from './waves-table.ts';

/** The content of a page. `waves`: the finished waves of a rollout. */
export interface PageContent {
  readonly machine: StateMachine;
  readonly execution: InspectedExecution;
  readonly waves: readonly ReportedWave[];
}

/**
 * An execution as one self-contained page without scripts. Its content security policy forbids the browser to fetch or run
 * anything. All texts of the execution are escaped.
 */
export function executionPage(
  { machine, execution, waves }: PageContent,
  own: OwnCommand,
  times: Times,
): string {
  const { executionName, events } = execution;
  const visits = visitsOf(events);
  const kind = machineNameOf(events);
  const body = html`<main>
<h1>${kind} <span class="mono">${executionName}</span></h1>
<p class="quiet">${subjectOf(execution, times)}${consoleLink(execution)}</p>
${outcomeBox(execution, visits)}
<h2 id="path">Path taken</h2>
${pathList(machine, visits)}
${versions(execution.output)}
${
  waves.length === 0
    ? []
    : [
        html`<h2>Deployments</h2>
${wavesTable(waves, own)}`,
      ]
}
<h2 id="visits">Visits</h2>
${timeline(machine, visits)}
${graphs(machine, visits)}
</main>`;
  return pageText({ title: `${kind} ${executionName}`, sheet: style, body });
}

/** The part of the state machine that was entered, and the whole one, which is collapsed. */
function graphs(machine: StateMachine, visits: readonly Visit[]): Markup {
  const never = Object.keys(machine.States).filter((name) => !visits.some(({ state }) => state === name));
  return html`<h2 id="graph">State machine</h2>
<p class="quiet">Solid: visited states and transitions taken. Dashed: not taken. Each visited state links to its last visit above.</p>
${graph('entered', 'The visited states', enteredPart(machine, visits), visits)}
<details><summary>The whole state machine, with ${counted(never.length, 'state')} that ${never.length === 1 ? 'was' : 'were'} never entered</summary>
${graph('whole', 'The whole state machine', machine, visits)}</details>`;
}

function graph(id: string, label: string, machine: StateMachine, visits: readonly Visit[]): Markup {
  const drawing = layOut(machine, visits);
  return html`${omittedText(drawing.omitted)}<div class="scroll" role="region" aria-label="${label}" tabindex="0">${graphSvg({ ...drawing, id, label }, visits, (visit) => signOf(machine, visit))}</div>
`;
}

function omittedText(omitted: readonly string[]): Markup[] {
  return omitted.length === 0
    ? []
    : [
        html`<p class="quiet">Not drawn: transitions not taken to ${omitted.join(', ')}, the error handler of many states.</p>
`,
      ];
}

function consoleLink({ executionArn }: InspectedExecution): Markup[] {
  if (executionArn === undefined) return [];
  const page = executionPageOf(executionArn);
  return page === executionArn ? [] : [html` · <a href="${page}" rel="noreferrer">AWS console</a>`];
}

function subjectOf({ output, events }: InspectedExecution, { second, zone }: Times): string {
  const [first] = events;
  const when = first === undefined ? '' : `started ${second(first.timestamp / 1_000)} (${zone})`;
  if (output === null) return when;
  const subject = 'rolloutId' in output ? `certificate ${output.certificate}` : `target ${output.targetId}`;
  return [subject, when].filter((part) => part !== '').join(' · ');
}

function outcomeBox({ status, output, events }: InspectedExecution, visits: readonly Visit[]): Markup {
  const retries = visits.reduce((sum, visit) => sum + visit.retries.length, 0);
  const counts = `${counted(visits.length, 'transition')}, ${counted(retries, 'retry', 'retries')}, ${duration(elapsed(events))}`;
  if (output === null) {
    const text = status === 'RUNNING' ? 'still running' : unrecordedEnd(status, visits);
    return html`<section class="outcome ${status === 'RUNNING' ? 'warning' : 'bad'}" aria-label="Outcome"><p><strong>${text}</strong> (${counts})</p></section>`;
  }
  const { sign, meaning } =
    'rolloutId' in output ? rolloutMeanings[output.outcome] : deploymentMeaning(output.outcome);
  const served =
    'rolloutId' in output
      ? []
      : [html`<p>Served now: <strong>${servedNow(output, shortFingerprint)}</strong></p>`];
  return html`<section class="outcome ${sign}" aria-label="Outcome">
<p><strong>${output.outcome}</strong>: ${meaning} (${counts})</p>
<p>${output.summary}</p>
${served}</section>`;
}

/** The versions with their full fingerprints, and everything that was recorded. */
function versions(output: InspectedExecution['output']): Markup[] {
  if (output === null) return [];
  const previous =
    'rolloutId' in output
      ? []
      : [html`<dt>previous version</dt><dd class="mono">${output.previousFingerprint ?? 'none'}</dd>`];
  return [
    html`<dl><dt>version</dt><dd class="mono">${output.fingerprint ?? 'none'}</dd>${previous}</dl>
${disclosure('complete record', JSON.stringify(output, null, 2))}`,
  ];
}

function deploymentMeaning(outcome: keyof typeof outcomeMeanings) {
  const { succeeded, meaning } = outcomeMeanings[outcome];
  return { sign: succeeded ? 'good' : 'bad', meaning };
}
