import type { HistoryEntry } from '../../services/backend/backend.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Listing, listingLines } from './listing.ts';
import { mark } from './summary.ts';
import { shortFingerprint } from './text.ts';
import type { Times } from './times.ts';

/** A list of deployments, in the given order. `filter`: completes "No deployments", e.g. ` of web-1`. */
export function historyLines(
  entries: readonly HistoryEntry[],
  screen: Pick<Terminal, 'colours' | 'width' | 'interactive'> & { readonly times: Times },
  filter = '',
): string[] {
  if (entries.length === 0) return [`No deployments${filter} yet.`];
  const { colours, times } = screen;
  return listingLines(
    entries,
    { columns: columnsIn(times), markOf: ({ outcome }) => mark(outcome, colours) },
    screen,
  );
}

const columnsIn = (times: Times): Listing<HistoryEntry>['columns'] => [
  { head: `started (${times.zone})`, cell: ({ startedAt }) => times.second(startedAt) },
  { head: 'target', cell: ({ targetId }) => targetId },
  { head: 'action', cell: actionText },
  { head: 'outcome', cell: ({ outcome }) => outcome },
  { head: 'version', cell: ({ fingerprint }) => shortFingerprint(fingerprint), named: true },
  { head: 'previous', cell: ({ previousFingerprint }) => shortFingerprint(previousFingerprint), named: true },
  { head: 'execution', cell: ({ deploymentId }) => deploymentId },
];

/** The action of a deployment. A rollback belongs to a rollout, or to `certferry rollback`. */
function actionText({ action, rollout }: HistoryEntry): string {
  switch (action) {
    case 'deploy':
      return 'deploy';
    case 'validate':
      return 'dry run';
    case 'rollback':
      return rollout === undefined ? 'rollback' : 'rollback by rollout';
    case null:
      return 'unknown';
  }
}
