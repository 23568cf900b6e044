import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryItem } from '../services/history/history.ts';
import type { LockItem } from '../services/locks/lock-item.ts';
import type { Claim } from '../services/locks/target-locks.ts';
import { anExecution, aTargetId } from '../test/fixtures/factories.ts';
import { aWorld, startTables, type World } from '../test/fixtures/world.ts';

/** The result of many executions that compete for one lock. `fences` is in the order of the locks. */
export interface LockContention {
  readonly fences: readonly number[];
  readonly maximumHolders: number;
  /** The number of requests while the lock was held. */
  readonly refusals: number;
  readonly lastLock: LockItem;
  readonly milliseconds: number;
}

/** The maximum pause before a retry, per remaining execution: about the time of one lock cycle. */
const pauseMillisecondsEach = 8;

/**
 * `count` executions request the lock of one target at the same moment, like dry runs, until each of them had it. Uses the
 * embedded DynamoDB over HTTP and the services of AcquireLock and the recording states.
 */
export async function contendForOneLock(count: number): Promise<LockContention> {
  const tables = await startTables();
  const world = aWorld(tables.documents);
  const targetId = aTargetId();
  const claims = await Promise.all(Array.from({ length: count }, () => claimFor(world, targetId)));
  const fences: number[] = [];
  let [holders, maximumHolders, refusals, left] = [0, 0, 0, count];

  const takeTurn = async (claim: Claim): Promise<boolean> => {
    const answer = await world.locks.acquire(claim);
    if (answer.type !== 'acquired') return false;
    holders += 1;
    maximumHolders = Math.max(maximumHolders, holders);
    fences.push(answer.fence);
    await sleep(1);
    holders -= 1;
    await world.history.record(itemOf(claim, answer.fence), {
      release: { ...claim, fence: answer.fence },
      ...{ host: null, installed: null, failedRollout: null },
    });
    return true;
  };
  const persist = async (claim: Claim): Promise<void> => {
    while (!(await takeTurn(claim))) {
      refusals += 1;
      await sleep(Math.random() * left * pauseMillisecondsEach);
    }
    left -= 1;
  };
  const started = performance.now();
  await Promise.all(claims.map(persist));
  const milliseconds = performance.now() - started;
  const lastLock = await world.locks.read(targetId);
  await tables.close();
  return { fences, maximumHolders, refusals, lastLock, milliseconds };
}

async function claimFor({ locks, clock }: World, targetId: string): Promise<Claim> {
  const { id: executionArn, startedAt } = anExecution();
  const now = clock.now();
  const asked = { targetId, supersedes: false, now };
  const requestNumber = await locks.registerRequest({ ...asked, requestId: executionArn });
  return { ...asked, executionArn, requestNumber, startedAt };
}

function itemOf({ targetId, executionArn, requestNumber, startedAt }: Claim, fence: number): HistoryItem {
  return {
    ...{ targetId, executionArn, requestNumber, startedAt, fence, endedAt: startedAt },
    ...{ deploymentId: `contention-${requestNumber}`, action: 'validate', outcome: 'validated', summary: '' },
    ...{ reason: null, fingerprint: null, previousFingerprint: null, warnings: [], repair: null },
    durations: { lockWaitMs: null, totalMs: 0 },
    recordedBy: 'graph',
  };
}

/** The report about 1,000 executions that compete for one lock. */
export async function contendedLock(): Promise<string[]> {
  const { fences, maximumHolders, refusals, milliseconds } = await contendForOneLock(1000);
  return [
    `1,000 executions at one lock   ${(milliseconds / 1000).toFixed(1)} s, ${maximumHolders} holder at a time`,
    `fences                         ${fences.at(0)} to ${fences.at(-1)}, each once: ${new Set(fences).size === fences.length}`,
    `refused                        ${refusals} times`,
    'measured with the embedded DynamoDB over HTTP, which handles one request at a time',
  ];
}
