import type { HistoryEntry } from '../ferry.ts';
import type { Colours } from '../terminal.ts';
import { mark } from './summary.ts';
import { shortFingerprint, table } from './text.ts';

/** A table of deployments, in the order given. `part`: which these are, after "No deployments". */
export function historyLines(entries: readonly HistoryEntry[], colours: Colours, part = ''): string[] {
  if (entries.length === 0) return [`No deployments${part} yet.`];
  const rows = entries.map((entry) => [
    entry.startedAt.slice(0, 19).replace('T', ' '),
    entry.targetId,
    wishOf(entry),
    entry.outcome,
    shortFingerprint(entry.fingerprint),
    shortFingerprint(entry.previousFingerprint),
    entry.deploymentId,
  ]);
  const [head = '', ...lines] = table([
    ['started (UTC)', 'target', 'asked for', 'outcome', 'version', 'before', 'execution'],
    ...rows,
  ]);
  const marks = entries.map(({ outcome }) => mark(outcome, colours));
  return [colours.dim(`  ${head}`), ...lines.map((line, index) => `${marks[index]} ${line}`)];
}

/** What was asked for: the version before is asked for by a person, or by a rollout that puts back what it changed. */
function wishOf({ action, rollout }: HistoryEntry): string {
  switch (action) {
    case 'deploy':
      return 'deploy';
    case 'validate':
      return 'dry run';
    case 'revert':
      return rollout === undefined ? 'rollback' : 'put back';
    case null:
      return 'unknown';
  }
}
