import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHostVersions } from '../../../services/registry/host-versions.ts';
import { startTables, tableNames } from '../../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

test('A host lacks a version of the agent until it is recorded, and again after an update of the stack', async () => {
  const versions = createHostVersions(tables.documents, tableNames.registry);
  const hosts = Array.from({ length: 150 }, (_, at) => `i-${String(at).padStart(17, '0')}`);
  const [first = '', ...others] = hosts;

  expect(await versions.without('one', [...hosts, first])).toEqual(hosts);
  await versions.save(first, 'one');
  await versions.save(first, 'one');
  expect(await versions.without('one', hosts)).toEqual(others);
  await versions.save(first, 'two');
  expect(await versions.without('one', [first])).toEqual([first]);
});
