import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryDynamoDb } from '../../fakes/dynamodb/documents.ts';
import { aRollout } from '../../fixtures/new-rollout.ts';
import { aWorld, startTables, tableNames, type World } from '../../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const now = new Date('2026-11-22T12:00:00.000Z');
const startedAt = now.toISOString();
const who = fc.constantFrom('a', 'b', 'c');
const small = fc.integer({ min: 1, max: 4 });
const which = fc.integer({ min: 0, max: 1 });

/** One call to a service, with arguments that often collide with those of other calls. */
type Call = (world: World, tag: string) => Promise<unknown>;

const target = (tag: string, at: number) => `${tag}-t${at}`;
const command = (tag: string, at: number, by: string, fence: number) => ({
  ...{ commandId: `${tag}-c-${by}`, targetId: target(tag, at), deploymentId: by, executionArn: by, fence },
  ...{ host: 'i-1', purpose: 'push' as const, action: 'deploy' as const, taskToken: 't', sentAt: startedAt },
  probe: null,
});
const item = (tag: string, at: number, by: string, fence: number) => ({
  ...{
    deploymentId: 'same',
    targetId: target(tag, at),
    outcome: 'deployed' as const,
    summary: 's',
    reason: null,
  },
  ...{ fingerprint: null, previousFingerprint: null, fence, warnings: [], repair: null, executionArn: by },
  ...{
    certificate: 'c',
    rollout: `${tag}-r`,
    action: 'deploy' as const,
    requestNumber: 1,
    startedAt,
    endedAt: startedAt,
  },
  ...{
    durations: { lockWaitMs: null, totalMs: 1 },
    recordedBy: fence % 2 ? ('graph' as const) : ('status-change' as const),
  },
});
const installed = (tag: string, at: number, fence: number) => ({
  ...{
    targetId: target(tag, at),
    certificate: 'c',
    host: 'i-1',
    fingerprint: null,
    notAfter: fence,
    version: null,
  },
  ...{ outcome: 'deployed', deploymentId: 'd', fence, at: startedAt, ...(fence > 2 && { rollout: null }) },
});

const aPlace = fc.option(fc.record({ certificate: fc.constantFrom('a', 'b'), sequence: small }), {
  nil: undefined,
});

const calls: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(which, who, fc.boolean(), aPlace).map(
    ([at, requestId, supersedes, rollout]): Call =>
      ({ locks }, tag) =>
        locks.registerRequest({ targetId: target(tag, at), requestId, supersedes, rollout, now }),
  ),
  fc.tuple(which, who, small, aPlace, fc.boolean()).map(
    ([at, executionArn, requestNumber, rollout, supersedes]): Call =>
      ({ locks }, tag) =>
        locks.acquire({
          targetId: target(tag, at),
          executionArn,
          requestNumber,
          supersedes,
          rollout,
          startedAt,
          now,
        }),
  ),
  fc.tuple(which, who, small, who, small).map(
    ([at, executionArn, requestNumber, owner, fence]): Call =>
      ({ locks }, tag) =>
        locks.takeOver(
          { targetId: target(tag, at), executionArn, requestNumber, supersedes: true, startedAt, now },
          { type: 'held', owner, fence },
        ),
  ),
  fc.tuple(which, who, who, small, fc.boolean()).map(
    ([at, executionArn, owner, fence, over]): Call =>
      ({ hostLocks }, tag) => {
        const claim = { host: `${tag}-h${at}`, executionArn, targetId: target(tag, at), now };
        return over ? hostLocks.takeOver(claim, { type: 'held', owner, fence }) : hostLocks.acquire(claim);
      },
  ),
  fc
    .tuple(
      which,
      who,
      small,
      fc.constantFrom('intend', 'sent', 'replaceToken', 'forget', 'countEnrolment', 'find'),
    )
    .map(
      ([at, by, fence, what]): Call =>
        ({ pending }, tag) => {
          const about = command(tag, at, by, fence);
          if (what === 'intend') return pending.intend(about, `key-${by}`);
          if (what === 'sent') return pending.markSent(about, `key-${by}`);
          if (what === 'replaceToken') return pending.replaceToken(about.commandId, `token-${fence}`);
          if (what === 'find') return pending.find(about.commandId);
          return what === 'forget' ? pending.forget(about) : pending.countEnrolment(about);
        },
    ),
  fc.tuple(which, who, small, fc.boolean(), fc.boolean()).map(
    ([at, by, fence, release, host]): Call =>
      async ({ history }, tag) => {
        const along = {
          release: release ? { targetId: target(tag, at), executionArn: by, fence } : null,
          host: host ? { host: `${tag}-h${at}`, executionArn: by, fence } : null,
          installed: release ? installed(tag, at, fence) : null,
          failedRollout: fence === 4 ? `${tag}-r` : null,
        };
        const recorded = await history.record(item(tag, at, by, fence), along);
        return [recorded, await history.list({ targetId: target(tag, at) })];
      },
  ),
  fc.tuple(which, small).map(
    ([at, requestNumber]): Call =>
      async ({ desiredVersions }, tag) => {
        const wanted = { certificate: 'c', action: 'rollback' as const, fingerprint: null, source: null };
        await desiredVersions.save({ ...wanted, targetId: target(tag, at), requestNumber });
        return desiredVersions.find(target(tag, at));
      },
  ),
  fc.tuple(which, small, fc.constantFrom('begin', 'halt', 'rollBack', 'resume', 'end', 'control')).map(
    ([at, count, what]): Call =>
      async ({ rollouts }, tag) => {
        const id = `${tag}-r${at}`;
        const rollout = aRollout({ id, certificate: `${tag}.example.com`, version: `v${count}` });
        if (what === 'begin') return rollouts.begin(rollout, { repeat: count % 2 === 0 });
        const redrives = [count, undefined][count % 2];
        if (what === 'halt') return rollouts.halt(id, 'because', redrives);
        if (what === 'rollBack') return rollouts.startRollback(id, redrives);
        if (what === 'resume') return rollouts.resume(id, count);
        const outcome = (['finished', 'halted'] as const)[Number(count > 2)] ?? 'halted';
        return what === 'end' ? rollouts.end(id, outcome, 's', redrives) : rollouts.control(id);
      },
  ),
);

async function answer(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : error;
  }
}

async function itemsOf(documents: DynamoDBDocumentClient, table: string, tag: string) {
  const { Items = [] } = await documents.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  return sorted(Items.filter((found) => JSON.stringify(found).includes(`${tag}-`)));
}

/** As texts that are the same for the same items: a map's keys come back in any order. */
const sorted = (items: readonly object[]) => items.map((found) => JSON.stringify(found, inOrder)).sort();

const inOrder = (_: string, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;

test('The database in memory answers as DynamoDB Local does, and ends with the same items', {
  timeout: 600_000,
}, async () => {
  let story = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(calls, { minLength: 5, maxLength: 30 }), async (made) => {
      const memory = memoryDynamoDb();
      const [real, fake] = [aWorld(tables.documents), aWorld(memory.documents)];
      story += 1;
      const tag = `s${story}`;

      for (const call of made) {
        expect(await answer(call(fake, tag))).toEqual(await answer(call(real, tag)));
      }

      for (const table of Object.values(tableNames)) {
        const kept = memory.items(table).filter((found) => JSON.stringify(found).includes(`${tag}-`));
        expect(sorted(kept)).toEqual(await itemsOf(tables.documents, table, tag));
      }
    }),
    { numRuns: 150 },
  );
});
