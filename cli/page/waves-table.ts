import type { ReportedWave } from '../../services/backend/backend.ts';
import type { OwnCommand } from '../render/next-steps.ts';
import { outcomeText } from '../render/rollout-outcomes.ts';
import { needsAttention } from '../report/rollout-report.ts';
import { html, type Markup } from './markup.ts';

/** The deployments of a rollout, by wave. Each execution name links to a page in the same folder. */
export function wavesTable(waves: readonly ReportedWave[], own: OwnCommand): Markup {
  const rows = waves.flatMap((wave) => wave.results.map((result) => ({ ...wave, ...result })));
  return html`<p class="quiet">Each name links to a page in the same folder. To write that page: <code>${own('inspect NAME --html NAME.html')}</code></p>
<table class="waves">
<thead><tr>${['wave', 'target', 'outcome', 'result', 'execution'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>
${rows.map(row)}</tbody>
</table>`;
}

type Row = Omit<ReportedWave, 'results'> & ReportedWave['results'][number];

function row({ number, direction, targetId, outcome, summary, executionArn }: Row): Markup {
  const name = executionArn.split(':').at(-1) ?? '';
  const attention = needsAttention(outcome) ? ' (manual action required)' : '';
  return html`<tr><td class="name">${number}${direction === 'rollback' ? ' (rollback)' : ''}</td><td>${targetId}</td><td>${outcomeText(outcome, direction)}${attention}</td><td class="details">${summary}</td><td class="name">${link(name)}</td></tr>
`;
}

/** Links only to names with these characters: all execution names have them, and they are safe file names. */
function link(name: string): Markup {
  const shown = html`<span class="mono">${name}</span>`;
  return /^[\w-]+$/.test(name) ? html`<a href="${name}.html">${shown}</a>` : shown;
}
