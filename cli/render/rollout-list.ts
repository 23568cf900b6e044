import type { RolloutEntry } from '../../services/backend/backend.ts';
import type { Colours, Terminal } from '../terminal/terminal.ts';
import { type Listing, listingLines } from './listing.ts';
import { rolloutMark } from './rollout-outcomes.ts';
import { shortFingerprint } from './text.ts';
import type { Times } from './times.ts';

/** A list of rollouts, in the order given. */
export function rolloutListLines(
  entries: readonly RolloutEntry[],
  screen: Pick<Terminal, 'colours' | 'width' | 'interactive'> & { readonly times: Times },
  certificate?: string,
): string[] {
  if (entries.length === 0)
    return [`No rollouts${certificate === undefined ? '' : ` of ${certificate}`} yet.`];
  return listingLines(
    entries,
    { columns: columnsIn(screen.times), markOf: (entry) => signOf(entry, screen.colours) },
    screen,
  );
}

const columnsIn = (times: Times): Listing<RolloutEntry>['columns'] => [
  { head: `started (${times.zone})`, cell: ({ startedAt }) => times.second(startedAt) },
  { head: 'certificate', cell: (entry) => entry.certificate },
  { head: 'version', cell: ({ fingerprint }) => shortFingerprint(fingerprint), named: true },
  { head: 'state', cell: stateOf },
  {
    head: 'failures tolerated',
    cell: ({ failures, tolerated }) => `${failures} of ${tolerated}`,
    named: true,
  },
  { head: 'rollout', cell: ({ id }) => id },
];

function stateOf({ status, outcome, supersededBy }: RolloutEntry): string {
  if (outcome !== null) return outcome;
  return supersededBy !== null && status === 'running' ? 'running, superseded' : status;
}

function signOf({ outcome, status }: RolloutEntry, colours: Colours): string {
  if (outcome !== null) return rolloutMark(outcome, colours);
  return status === 'running' ? colours.cyan('○') : colours.red('✖');
}
