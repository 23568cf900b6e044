import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamoDBDocumentClient, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BeginResult, NewRollout } from '../../../services/rollouts/begin-rollout.ts';
import { createRollouts, type Rollouts } from '../../../services/rollouts/rollout-store.ts';
import { aCertificateName, aRollout } from '../../fixtures/new-rollout.ts';
import { type Tables, tableNames, useRollouts } from '../../fixtures/world.ts';

let tables: Tables;
let rollouts: Rollouts;
useRollouts((...made) => {
  [rollouts, tables] = made;
});

/** Every call waits a little, and the answers to some writes get lost: the write has happened, the caller sees a broken connection. */
function shaky(delays: readonly number[], lost: readonly boolean[]): DynamoDBDocumentClient {
  let [calls, writes] = [0, 0];
  return new Proxy(tables.documents, {
    get: (client, member) =>
      member !== 'send'
        ? Reflect.get(client, member)
        : async (command: Parameters<DynamoDBDocumentClient['send']>[0]) => {
            await sleep(delays[calls++ % delays.length]);
            const answer = await client.send(command);
            if (command instanceof TransactWriteCommand && lost[writes++ % lost.length] === true) {
              throw new Error('socket hang up');
            }
            return answer;
          },
  });
}

/** What the state machine does: repeats what got lost. */
async function persistently(begin: () => Promise<BeginResult>): Promise<BeginResult> {
  for (;;) {
    try {
      return await begin();
    } catch (error) {
      if (!(error instanceof Error && error.message === 'socket hang up')) throw error;
    }
  }
}

const aStory = fc.record({
  // which version each rollout deploys, when it was asked for, and whether it is for a part
  asked: fc.array(
    fc.record({ version: fc.constantFrom('a', 'b', 'c'), second: fc.nat(3), isPart: fc.boolean() }),
    { minLength: 2, maxLength: 8 },
  ),
  delays: fc.array(fc.nat(6), { minLength: 1, maxLength: 7 }),
  lost: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
});

const startedAt = (second: number) => `2026-11-22T12:00:0${second}.000Z`;
const sequencesOf = (answers: readonly BeginResult[]) =>
  answers.flatMap((answer) => (answer.type === 'started' ? [answer.sequence] : []));

async function play(asked: readonly NewRollout[], through: Rollouts) {
  const answers = await Promise.all(
    asked.map((rollout) => persistently(() => through.begin(rollout, { repeat: false }))),
  );
  return asked.map((rollout, at) => ({ rollout, answer: answers[at] as BeginResult }));
}

describe('rollouts of one certificate that begin at once', () => {
  test('Rollouts of one certificate that begin at once get numbers that no two whole ones share, of which the last alone is not superseded', async () => {
    await fc.assert(
      fc.asyncProperty(aStory, async ({ asked, delays, lost }) => {
        const certificate = aCertificateName();
        const through = createRollouts(shaky(delays, lost), tableNames.registry);
        const only = { hosts: ['i-0123456789abcdef0'] };

        const results = await play(
          asked.map(({ version, second, isPart }) =>
            aRollout({ certificate, version, startedAt: startedAt(second), ...(isPart && { only }) }),
          ),
          through,
        );

        const whole = results.filter(({ rollout }) => rollout.only === null);
        const numbers = sequencesOf(whole.map(({ answer }) => answer)).toSorted((one, other) => one - other);
        expect(numbers).toEqual(Array.from(numbers, (_, at) => at + 1));
        const last = whole.find(({ answer }) => sequencesOf([answer])[0] === numbers.length);
        const controls = await rollouts.list({ certificate });
        const superseding = new Set(controls.map(({ supersededBy }) => supersededBy));
        expect([...superseding].filter((id) => id !== null && id !== last?.rollout.id)).toEqual([]);
        const wholes = new Set(whole.map(({ rollout }) => rollout.id));
        const standing = controls.filter(({ id, supersededBy }) => wholes.has(id) && supersededBy === null);
        expect(standing.map(({ id }) => id)).toEqual(numbers.length === 0 ? [] : [last?.rollout.id]);
      }),
      { numRuns: 30 },
    );
  });

  test('Rollouts of one certificate that begin at once get the same answer whenever they are repeated', async () => {
    await fc.assert(
      fc.asyncProperty(aStory, async ({ asked, delays, lost }) => {
        const certificate = aCertificateName();
        const through = createRollouts(shaky(delays, lost), tableNames.registry);
        const all = asked.map(({ version, second }) =>
          aRollout({ certificate, version, startedAt: startedAt(second) }),
        );
        const results = await play(all, through);
        const begun = results.filter(({ answer }) => answer.type === 'started');

        const repeated = await play(
          begun.map(({ rollout }) => rollout),
          through,
        );

        expect(repeated).toEqual(begun);
      }),
      { numRuns: 20 },
    );
  });

  test('Rollouts of one certificate that begin at once grow in the order of their beginnings, one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 12 }),
        async (versions) => {
          const certificate = aCertificateName();

          const answers = [];
          for (const version of versions) {
            answers.push(await rollouts.begin(aRollout({ certificate, version }), { repeat: true }));
          }

          expect(sequencesOf(answers)).toEqual(versions.map((_, at) => at + 1));
        },
      ),
      { numRuns: 20 },
    );
  });

  test('Rollouts of one certificate that begin at once for one version, announced many times, are one', async () => {
    const certificate = aCertificateName();

    const results = await play(
      Array.from({ length: 30 }, () => aRollout({ certificate })),
      rollouts,
    );

    const begun = results.filter(({ answer }) => answer.type === 'started');
    expect(begun).toHaveLength(1);
    const by = begun[0]?.rollout.id;
    const others = results.filter(({ answer }) => answer.type !== 'started').map(({ answer }) => answer);
    expect(others).toEqual(Array.from({ length: 29 }, () => ({ type: 'exists', by })));
  });
});
