import type { RolloutEntry } from '../ferry.ts';
import type { Colours } from '../terminal.ts';
import { rolloutMark } from './rollout-outcomes.ts';
import { shortFingerprint, table } from './text.ts';

/** A table of rollouts, in the order given. */
export function rolloutListLines(
  entries: readonly RolloutEntry[],
  colours: Colours,
  certificate?: string,
): string[] {
  if (entries.length === 0)
    return [`No rollouts${certificate === undefined ? '' : ` of ${certificate}`} yet.`];
  const rows = entries.map((entry) => [
    entry.startedAt.slice(0, 19).replace('T', ' '),
    entry.certificate,
    shortFingerprint(entry.fingerprint),
    stateOf(entry),
    `${entry.failures} of ${entry.tolerated}`,
    entry.id,
  ]);
  const [head = '', ...lines] = table([
    ['started (UTC)', 'certificate', 'version', 'state', 'failures tolerated', 'rollout'],
    ...rows,
  ]);
  const marks = entries.map((entry) => signOf(entry, colours));
  return [colours.dim(`  ${head}`), ...lines.map((line, index) => `${marks[index]} ${line}`)];
}

function stateOf({ status, outcome, supersededBy }: RolloutEntry): string {
  if (outcome !== null) return outcome;
  return supersededBy !== null && status === 'running' ? 'running, superseded' : status;
}

function signOf({ outcome, status }: RolloutEntry, colours: Colours): string {
  if (outcome !== null) return rolloutMark(outcome, colours);
  return status === 'running' ? colours.cyan('○') : colours.red('✖');
}
