import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryItem } from '../services/history/history.ts';
import type { LockItem } from '../services/locks/lock-item.ts';
import type { Claim } from '../services/locks/target-locks.ts';
import { anExecution, aTargetId } from '../test/fixtures/factories.ts';
import { aWorld, startTables, type World } from '../test/fixtures/world.ts';

/** How a crowd at one target's lock fared. `fences` in the order in which they were given. */
export interface Crowd {
  readonly fences: readonly number[];
  readonly mostInside: number;
  /** Times that somebody asked and it was held. */
  readonly turnedAway: number;
  readonly lastLock: LockItem;
  readonly milliseconds: number;
}

/** Those who are left come back within this time for each of them: about as fast as the lock changes hands. */
const pauseMillisecondsEach = 8;

/**
 * `count` executions want one target's lock at the same moment, as dry runs do: all of them get it in the end. Against
 * the embedded DynamoDB over HTTP, with the services that AcquireLock and the recording states use.
 */
export async function crowdAtOneLock(count: number): Promise<Crowd> {
  const tables = await startTables();
  const world = aWorld(tables.documents);
  const targetId = aTargetId();
  const claims = await Promise.all(Array.from({ length: count }, () => claimFor(world, targetId)));
  const fences: number[] = [];
  let [inside, mostInside, turnedAway, left] = [0, 0, 0, count];

  const takeTurn = async (claim: Claim): Promise<boolean> => {
    const answer = await world.locks.acquire(claim);
    if (answer.type !== 'acquired') return false;
    inside += 1;
    mostInside = Math.max(mostInside, inside);
    fences.push(answer.fence);
    await sleep(1);
    inside -= 1;
    await world.history.record(itemOf(claim, answer.fence), {
      release: { ...claim, fence: answer.fence },
      ...{ host: null, installed: null, failedRollout: null },
    });
    return true;
  };
  const persist = async (claim: Claim): Promise<void> => {
    while (!(await takeTurn(claim))) {
      turnedAway += 1;
      await sleep(Math.random() * left * pauseMillisecondsEach);
    }
    left -= 1;
  };
  const started = performance.now();
  await Promise.all(claims.map(persist));
  const milliseconds = performance.now() - started;
  const lastLock = await world.locks.read(targetId);
  await tables.close();
  return { fences, mostInside, turnedAway, lastLock, milliseconds };
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
    ...{ deploymentId: `crowd-${requestNumber}`, action: 'validate', outcome: 'validated', summary: '' },
    ...{ reason: null, fingerprint: null, previousFingerprint: null, warnings: [], repair: null },
    durations: { lockWaitMs: null, totalMs: 0 },
    recordedBy: 'graph',
  };
}

/** A crowd at one lock, as lines for a person. */
export async function lockCrowd(): Promise<string[]> {
  const { fences, mostInside, turnedAway, milliseconds } = await crowdAtOneLock(1000);
  return [
    `1,000 executions at one lock   ${(milliseconds / 1000).toFixed(1)} s, ${mostInside} inside at a time`,
    `fences                         ${fences.at(0)} to ${fences.at(-1)}, each once: ${new Set(fences).size === fences.length}`,
    `turned away                    ${turnedAway} times`,
    'against the embedded DynamoDB over HTTP, which takes one request at a time',
  ];
}
