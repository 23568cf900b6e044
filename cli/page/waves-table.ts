import type { ReportedWave } from '../../services/backend/backend.ts';
import type { OwnCommand } from '../render/next-steps.ts';
import { outcomeWords } from '../render/rollout-outcomes.ts';
import { needsAttention } from '../report/rollout-report.ts';
import { html, type Markup } from './markup.ts';

/** The deployments of a rollout, wave by wave. The name of each leads to its own page, if one was written beside this one. */
export function wavesTable(waves: readonly ReportedWave[], own: OwnCommand): Markup {
  const rows = waves.flatMap((wave) => wave.results.map((result) => ({ ...wave, ...result })));
  return html`<p class="quiet">Each name leads to a page beside this one, once it has been written: <code>${own('inspect NAME --html NAME.html')}</code></p>
<table class="waves">
<thead><tr><th>wave</th><th>target</th><th>outcome</th><th>what happened</th><th>execution</th></tr></thead>
<tbody>
${rows.map(row)}</tbody>
</table>`;
}

type Row = Omit<ReportedWave, 'results'> & ReportedWave['results'][number];

function row({ number, direction, targetId, outcome, summary, executionArn }: Row): Markup {
  const name = executionArn.split(':').at(-1) ?? '';
  const person = needsAttention(outcome) ? ' (a person is needed)' : '';
  return html`<tr><td class="name">${number}${direction === 'back' ? ' (back)' : ''}</td><td>${targetId}</td><td>${outcomeWords(outcome, direction)}${person}</td><td class="said">${summary}</td><td class="name">${link(name)}</td></tr>
`;
}

/** Executions have names of such letters only: anything else is no name of a file, and leads nowhere. */
function link(name: string): Markup {
  const shown = html`<span class="mono">${name}</span>`;
  return /^[\w-]+$/.test(name) ? html`<a href="${name}.html">${shown}</a>` : shown;
}
