// Observes every write to the table of locks, and records violations of the invariants.
import { tableNames } from '../../../local/dynamodb/stack-tables.ts';
import type { Item, WriteRecord } from '../../fakes/dynamodb/documents.ts';

const onlyGrow = ['fence', 'requests', 'latestRequest', 'rolloutSequence'] as const;

/** Facts about the owners of locks. */
export interface Owners {
  /** Step Functions has reported at some time that this execution does not run. */
  hadEnded(executionArn: string): boolean;
  /** The execution is in a recording state. */
  records(executionArn: string): boolean;
  onReleased(executionArn: string): void;
}

export function lockWatch(owners: Owners) {
  const problems: string[] = [];
  const counts = { acquired: 0, takenOver: 0, released: 0 };

  function taken(key: string, before: Item, after: Item): void {
    counts.acquired += 1;
    if (Number(after.fence) !== Number(before.fence ?? 0) + 1) {
      problems.push(`${key}: taken with fence ${after.fence} after ${before.fence}`);
    }
    if (before.owner === undefined) return;
    counts.takenOver += 1;
    const { owner } = before;
    if (!owners.hadEnded(String(owner))) problems.push(`${key}: taken from ${owner}, which runs`);
  }

  function released(key: string, owner: string): void {
    counts.released += 1;
    if (!owners.hadEnded(owner) && !owners.records(owner)) {
      problems.push(`${key}: released from ${owner}, which runs`);
    }
    owners.onReleased(owner);
  }

  function checkGrowth(key: string, before: Item, after: Item): void {
    for (const name of onlyGrow) {
      const [old, now] = [Number(before[name] ?? 0), Number(after[name] ?? 0)];
      if (now < old) problems.push(`${key}: ${name} went from ${old} to ${now}`);
    }
  }

  function ownerChanged(key: string, before: Item, after: Item): void {
    if (before.owner === after.owner) return;
    if (after.owner === undefined) released(key, String(before.owner));
    else taken(key, before, after);
  }

  function onWrite({ table, before, after }: WriteRecord): void {
    const key = String(after.pk);
    const isLock = table === tableNames.locks && /^(target|host)#/.test(key);
    if (!isLock && after.sk !== 'installed') return;
    checkGrowth(key, before ?? {}, after);
    if (isLock) ownerChanged(key, before ?? {}, after);
  }
  return { problems, counts, onWrite };
}
