import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDesiredVersions } from '../../../services/registry/desired-versions.ts';
import {
  createInstalledVersions,
  type InstalledVersion,
  installedKey,
} from '../../../services/registry/installed-versions.ts';
import { fingerprint } from '../../fixtures/factories.ts';
import { startTables, tableNames } from '../../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const put = (Item: Record<string, unknown>) =>
  tables.documents.send(new PutCommand({ TableName: tableNames.registry, Item }));

function anInstalled(targetId: string): InstalledVersion {
  return {
    targetId,
    certificate: 'api.example.com',
    host: 'i-0123456789abcdef0',
    fingerprint: fingerprint(targetId),
    notAfter: 1_800_000_000,
    outcome: 'deployed',
    deploymentId: `deploy-${targetId}`,
    fence: 1,
    at: '2026-11-22T12:00:00.000Z',
  };
}

describe('what targets have', () => {
  test('What targets have is read of hundreds at once; those that never had a deployment are missing', async () => {
    const known = Array.from({ length: 250 }, (_, at) => `web.${at}`);
    for (const id of known) await put({ ...installedKey(id), ...anInstalled(id) });
    const installed = createInstalledVersions(tables.documents, tableNames.registry);

    const found = await installed.of([...known, 'never', 'web.7']);

    expect(found.size).toBe(250);
    expect(found.get('web.7')).toEqual(anInstalled('web.7'));
    expect(found.get('never')).toBeUndefined();
  });

  test('The installed version of a target is separate from the version that the last request wants', async () => {
    const desiredVersions = createDesiredVersions(tables.documents, tableNames.registry);
    const wish = { certificate: 'api.example.com', source: null, requestNumber: 1 };
    await desiredVersions.save({
      ...wish,
      targetId: 'next',
      action: 'deploy',
      fingerprint: fingerprint('next'),
    });
    await desiredVersions.save({ ...wish, targetId: 'back', action: 'rollback', fingerprint: null });
    const installed = createInstalledVersions(tables.documents, tableNames.registry);

    const wanted = await installed.desiredOf(['next', 'back', 'nobody']);

    expect(wanted).toEqual(
      new Map([
        ['next', fingerprint('next')],
        ['back', null],
      ]),
    );
  });

  test('The installed versions of no targets are an empty list', async () => {
    expect(await createInstalledVersions(tables.documents, tableNames.registry).of([])).toEqual(new Map());
  });

  test('What targets have is an error that names the item when it cannot be read', async () => {
    await put({ ...installedKey('odd'), ...anInstalled('odd'), fence: 'high' });

    await expect(createInstalledVersions(tables.documents, tableNames.registry).of(['odd'])).rejects.toThrow(
      /item target#odd \/ installed cannot be read: fence/,
    );
  });
});
