import { createHash } from 'node:crypto';
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
import { html, type Markup, styleOf } from './markup.ts';
import { style } from './style.ts';
import { fold, timeline } from './timeline.ts';
import { wavesTable } from './waves-table.ts';

/** What a page is made of. `waves`: of a rollout, those that have ended. */
export interface Shown {
  readonly machine: StateMachine;
  readonly execution: InspectedExecution;
  readonly waves: readonly ReportedWave[];
}

/**
 * An execution as one page that needs nothing else: no script, and nothing is fetched, which its policy tells the
 * browser to hold it to. Whatever the execution says is text on it.
 */
export function executionPage({ machine, execution, waves }: Shown, own: OwnCommand): string {
  const { executionName, events } = execution;
  const visits = visitsOf(events);
  const kind = machineNameOf(events);
  const drawing = layOut(machine, visits);
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>${kind} ${executionName}</title>
${styleOf(style)}
</head>
<body>
<h1>${kind} <span class="mono">${executionName}</span></h1>
<p class="quiet">${aboutWhat(execution)}</p>
${outcomeBox(execution, visits)}
${
  waves.length === 0
    ? []
    : [
        html`<h2>The deployments</h2>
${wavesTable(waves, own)}`,
      ]
}
<h2>The path taken</h2>
<p class="quiet">Drawn solid: what was entered, and the ways taken. Dashed: what could have been. A state leads to its last visit below.${refugeWords(drawing.refuges)}</p>
<div class="scroll">${graphSvg(drawing, visits, (visit) => signOf(machine, visit))}</div>
<h2>Visit by visit</h2>
${timeline(machine, visits)}
</body>
</html>
`;
  return page.text;
}

function refugeWords(refuges: readonly string[]): string {
  return refuges.length === 0
    ? ''
    : ` Not drawn: ways not taken to ${refuges.join(', ')}, where failures of many states lead.`;
}

/** Nothing may be fetched or run, and of styles only the page's own counts. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`;

function aboutWhat({ output, events }: InspectedExecution): string {
  const [first] = events;
  const when =
    first === undefined
      ? ''
      : `began ${new Date(first.timestamp).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  if (output === null) return when;
  const what = 'rolloutId' in output ? `certificate ${output.certificate}` : `target ${output.targetId}`;
  return [what, `version ${output.fingerprint ?? 'none'}`, when].filter((part) => part !== '').join(' · ');
}

function outcomeBox({ status, output, events }: InspectedExecution, visits: readonly Visit[]): Markup {
  const retries = visits.reduce((sum, visit) => sum + visit.retries.length, 0);
  const counts = `${visits.length} transitions, ${retries} retries, ${duration(elapsed(events))}`;
  if (output === null) {
    const words = status === 'RUNNING' ? 'still running' : unrecordedEnd(status, visits);
    return html`<div class="outcome ${status === 'RUNNING' ? 'look' : 'bad'}"><p><strong>${words}</strong> (${counts})</p></div>`;
  }
  const { sign, meaning } =
    'rolloutId' in output ? rolloutMeanings[output.outcome] : deploymentMeaning(output.outcome);
  const before =
    'rolloutId' in output ? [] : [html`<p>version before: ${output.previousFingerprint ?? 'none'}</p>`];
  return html`<div class="outcome ${sign}"><p><strong>${output.outcome}</strong>: ${meaning} (${counts})</p>
<p>${output.summary}</p>${before}${fold('all that was recorded', JSON.stringify(output, null, 2))}</div>`;
}

function deploymentMeaning(outcome: keyof typeof outcomeMeanings) {
  const { succeeded, meaning } = outcomeMeanings[outcome];
  return { sign: succeeded ? 'good' : 'bad', meaning };
}
