import type { HistoryEntry } from '../../services/backend/backend.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Listing, listingLines } from './listing.ts';
import { mark } from './summary.ts';
import { shortFingerprint } from './text.ts';

/** A list of deployments, in the order given. `part`: which these are, after "No deployments". */
export function historyLines(
  entries: readonly HistoryEntry[],
  screen: Pick<Terminal, 'colours' | 'width' | 'interactive'>,
  part = '',
): string[] {
  if (entries.length === 0) return [`No deployments${part} yet.`];
  const { colours } = screen;
  return listingLines(entries, { columns, markOf: ({ outcome }) => mark(outcome, colours) }, screen);
}

const columns: Listing<HistoryEntry>['columns'] = [
  { head: 'started (UTC)', cell: ({ startedAt }) => startedAt.slice(0, 19).replace('T', ' ') },
  { head: 'target', cell: ({ targetId }) => targetId },
  { head: 'asked for', cell: wishOf },
  { head: 'outcome', cell: ({ outcome }) => outcome },
  { head: 'version', cell: ({ fingerprint }) => shortFingerprint(fingerprint), named: true },
  { head: 'before', cell: ({ previousFingerprint }) => shortFingerprint(previousFingerprint), named: true },
  { head: 'execution', cell: ({ deploymentId }) => deploymentId },
];

/** What was asked for: the version before is asked for by a person, or by a rollout that puts back what it changed. */
function wishOf({ action, rollout }: HistoryEntry): string {
  switch (action) {
    case 'deploy':
      return 'deploy';
    case 'validate':
      return 'dry run';
    case 'rollback':
      return rollout === undefined ? 'rollback' : 'put back';
    case null:
      return 'unknown';
  }
}
