import { counted } from '../../core/counted.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { InspectedExecution, ReportedWave } from '../../services/backend/backend.ts';
import { machineNameOf } from '../render/execution.ts';
import { signOf } from '../render/graph.ts';
import type { OwnCommand } from '../render/next-steps.ts';
import { rolloutMeanings } from '../render/rollout-outcomes.ts';
import { duration } from '../render/text.ts';
import { elapsed } from '../report/deployment-report.ts';
import { unrecordedEnd, type Visit, visitsOf } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';
import { layOut } from './graph-layout.ts';
import { graphSvg } from './graph-svg.ts';
import { html, type Markup } from './markup.ts';
import { pageText } from './page-frame.ts';
import { style } from './style.ts';
import { disclosure, timeline } from './timeline.ts';
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
export function executionPage({ machine, execution, waves }: PageContent, own: OwnCommand): string {
  const { executionName, events } = execution;
  const visits = visitsOf(events);
  const kind = machineNameOf(events);
  const drawing = layOut(machine, visits);
  const body = html`<h1>${kind} <span class="mono">${executionName}</span></h1>
<p class="quiet">${subjectOf(execution)}</p>
${outcomeBox(execution, visits)}
${
  waves.length === 0
    ? []
    : [
        html`<h2>Deployments</h2>
${wavesTable(waves, own)}`,
      ]
}
<h2>Path taken</h2>
<p class="quiet">Solid: visited states and transitions taken. Dashed: states not visited. Each state links to its last visit below.${omittedText(drawing.omitted)}</p>
<div class="scroll">${graphSvg(drawing, visits, (visit) => signOf(machine, visit))}</div>
<h2>Visits</h2>
${timeline(machine, visits)}`;
  return pageText({ title: `${kind} ${executionName}`, sheet: style, body });
}

function omittedText(omitted: readonly string[]): string {
  return omitted.length === 0
    ? ''
    : ` Not drawn: transitions not taken to ${omitted.join(', ')}, the error handler of many states.`;
}

function subjectOf({ output, events }: InspectedExecution): string {
  const [first] = events;
  const when =
    first === undefined
      ? ''
      : `started ${new Date(first.timestamp).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  if (output === null) return when;
  const subject = 'rolloutId' in output ? `certificate ${output.certificate}` : `target ${output.targetId}`;
  return [subject, `version ${output.fingerprint ?? 'none'}`, when].filter((part) => part !== '').join(' · ');
}

function outcomeBox({ status, output, events }: InspectedExecution, visits: readonly Visit[]): Markup {
  const retries = visits.reduce((sum, visit) => sum + visit.retries.length, 0);
  const counts = `${counted(visits.length, 'transition')}, ${counted(retries, 'retry', 'retries')}, ${duration(elapsed(events))}`;
  if (output === null) {
    const text = status === 'RUNNING' ? 'still running' : unrecordedEnd(status, visits);
    return html`<div class="outcome ${status === 'RUNNING' ? 'warning' : 'bad'}"><p><strong>${text}</strong> (${counts})</p></div>`;
  }
  const { sign, meaning } =
    'rolloutId' in output ? rolloutMeanings[output.outcome] : deploymentMeaning(output.outcome);
  const previous =
    'rolloutId' in output ? [] : [html`<p>previous version: ${output.previousFingerprint ?? 'none'}</p>`];
  return html`<div class="outcome ${sign}"><p><strong>${output.outcome}</strong>: ${meaning} (${counts})</p>
<p>${output.summary}</p>${previous}${disclosure('complete record', JSON.stringify(output, null, 2))}</div>`;
}

function deploymentMeaning(outcome: keyof typeof outcomeMeanings) {
  const { succeeded, meaning } = outcomeMeanings[outcome];
  return { sign: succeeded ? 'good' : 'bad', meaning };
}
