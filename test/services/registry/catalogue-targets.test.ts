import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RegisteredTarget } from '../../../core/targets/registered.ts';
import { type Catalogue, createCatalogue } from '../../../services/registry/catalogue.ts';
import { aCertificateName } from '../../fixtures/new-rollout.ts';
import { aRegisteredTarget } from '../../fixtures/registered.ts';
import { startTables, tableNames } from '../../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let catalogue: Catalogue;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());
beforeEach(() => {
  catalogue = createCatalogue(tables.documents, tableNames.registry);
});

const ids = (entries: readonly { thing: RegisteredTarget }[]) => entries.map(({ thing }) => thing.id);

async function itemsAbout(text: string) {
  const { Items = [] } = await tables.documents.send(new ScanCommand({ TableName: tableNames.registry }));
  return Items.filter((item) => JSON.stringify(item).includes(text));
}

describe('a registered target', () => {
  test('A registered target is found by its id, with who registered it', async () => {
    const target = aRegisteredTarget({
      host: { tags: { role: 'web' }, account: '123456789012', region: 'eu-west-1' },
      verify: { endpoint: '{host}:443', serverName: 'api.example.com' },
      window: { from: '01:00', to: '05:00', timeZone: 'Europe/Paris' },
      autoHeal: true,
    });

    await catalogue.putTarget(target, 'stack');

    expect(await catalogue.target(target.id)).toEqual({ thing: target, origin: 'stack' });
    expect(await catalogue.target('nobody')).toBeNull();
  });

  test('A registered target moves to another certificate and leaves nothing behind', async () => {
    const [from, to] = [aCertificateName(), aCertificateName()];
    const target = aRegisteredTarget({ certificate: from });
    await catalogue.putTarget(target, 'cli');

    await catalogue.putTarget({ ...target, certificate: to }, 'cli');

    expect(ids(await catalogue.targets(from))).toEqual([]);
    expect(ids(await catalogue.targets(to))).toEqual([target.id]);
    expect((await catalogue.target(target.id))?.thing.certificate).toBe(to);
  });

  test('A registered target is found by its Auto Scaling group, while it is on it', async () => {
    const target = aRegisteredTarget({ host: { autoScalingGroup: 'web' } });
    const other = aRegisteredTarget({ host: { autoScalingGroup: 'api' } });
    await catalogue.putTarget(target, 'cli');
    await catalogue.putTarget(other, 'cli');

    const before = await catalogue.targetsOfGroup('web');
    await catalogue.putTarget({ ...target, host: { autoScalingGroup: 'api' } }, 'cli');
    await catalogue.putTarget({ ...other, host: 'i-0123456789abcdef0' }, 'cli');

    expect(before).toEqual([target]);
    expect(await catalogue.targetsOfGroup('web')).toEqual([]);
    expect((await catalogue.targetsOfGroup('api')).map(({ id }) => id)).toEqual([target.id]);
  });

  test('A registered target leaves no item once it is removed', async () => {
    const target = aRegisteredTarget({ host: { autoScalingGroup: 'gone' } });
    await catalogue.putTarget(target, 'cli');

    await catalogue.removeTarget(target.id);
    await catalogue.removeTarget(target.id);

    expect(await itemsAbout(target.id)).toEqual([]);
  });

  test('A registered target that cannot be read any more is named, with what is wrong', async () => {
    const target = aRegisteredTarget();
    await catalogue.putTarget(target, 'cli');
    const Item = {
      pk: `certificate#${target.certificate}`,
      sk: `target#${target.id}`,
      origin: 'cli',
      revision: 2,
    };
    await tables.documents.send(
      new PutCommand({
        TableName: tableNames.registry,
        Item: { ...Item, target: { ...target, kind: 'gopher' } },
      }),
    );

    await expect(catalogue.target(target.id)).rejects.toMatchObject({
      name: 'InvalidTarget',
      message: expect.stringMatching(new RegExp(`target#${target.id} cannot be read: .*kind.*"gopher"`)),
    });
    await catalogue.removeTarget(target.id);
  });

  test('A registered target is listed among hundreds, all or those of a certificate', async () => {
    const certificate = aCertificateName();
    const some = Array.from({ length: 240 }, (_, at) =>
      aRegisteredTarget({
        id: `many-${String(at).padStart(3, '0')}`,
        certificate: at % 2 === 0 ? certificate : 'other.example.com',
      }),
    );
    for (const target of some) await catalogue.putTarget(target, 'cli');

    const all = ids(await catalogue.targets()).filter((id) => id.startsWith('many-'));

    expect(all).toEqual(some.map(({ id }) => id));
    expect(await catalogue.targets(certificate)).toHaveLength(120);
  });
});

describe('targets that are put and removed all at once', () => {
  const aChange = fc.record({
    id: fc.constantFrom('race-1', 'race-2'),
    certificate: fc.constantFrom('one.example.com', 'two.example.com', null),
    group: fc.constantFrom('red', 'blue', null),
  });

  test('Targets that are put and removed all at once are each in one place, which every index agrees on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aChange, { minLength: 2, maxLength: 10 }), async (changes) => {
        await Promise.all(
          changes.map(({ id, certificate, group }) =>
            certificate === null
              ? catalogue.removeTarget(id)
              : catalogue.putTarget(
                  aRegisteredTarget({
                    id,
                    certificate,
                    ...(group !== null && { host: { autoScalingGroup: group } }),
                  }),
                  'cli',
                ),
          ),
        );

        for (const id of ['race-1', 'race-2']) {
          const entry = await catalogue.target(id);
          const wanted = (holds: boolean) => (holds ? [id] : []);
          const only = (found: readonly string[]) => found.filter((one) => one === id);
          for (const certificate of ['one.example.com', 'two.example.com']) {
            const found = only(ids(await catalogue.targets(certificate)));
            expect(found).toEqual(wanted(entry?.thing.certificate === certificate));
          }
          for (const group of ['red', 'blue']) {
            const found = only((await catalogue.targetsOfGroup(group)).map((target) => target.id));
            const host = entry?.thing.host;
            expect(found).toEqual(
              wanted(
                typeof host === 'object' && 'autoScalingGroup' in host && host.autoScalingGroup === group,
              ),
            );
          }
          expect(only(ids(await catalogue.targets()))).toEqual(wanted(entry !== null));
        }
      }),
      { numRuns: 12 },
    );
  });
});
