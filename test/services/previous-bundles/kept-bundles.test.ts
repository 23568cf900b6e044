import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { factsOfPem } from '../../../core/certificate/facts.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { createFileDataKeys, createKmsDataKeys } from '../../../services/previous-bundles/data-keys.ts';
import { createKeptBundles, maximumCopies } from '../../../services/previous-bundles/kept-bundles.ts';
import { bundleOf } from '../../agent-scripts/run-agent.ts';
import { type KeyService, startKeyService } from '../../fakes/key-service.ts';
import { clientFor } from '../../fakes/scripted-service.ts';
import { settableClock } from '../../fakes/settable-clock.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { startTables, tableNames } from '../../fixtures/world.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let service: KeyService;

beforeAll(async () => {
  [tables, service] = await Promise.all([startTables(), startKeyService()]);
});

afterAll(async () => {
  await Promise.all([tables.close(), service.close()]);
});

const kmsKeys = () => createKmsDataKeys(() => new KMSClient(clientFor(service)), service.keyArn);

function fileKeys() {
  const path = join(mkdtempSync(join(tmpdir(), 'certferry-data-key-')), 'data-key.json');
  const k = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
  writeFileSync(path, JSON.stringify({ kty: 'oct', k }), { mode: 0o600 });
  return createFileDataKeys(path);
}

let targets = 0;

/** Copies of a target that no other test uses. */
function copiesWith(keys = kmsKeys()) {
  targets += 1;
  const targetId = `target-${targets}`;
  const clock = settableClock();
  const kept = createKeptBundles({ documents: tables.documents, table: tableNames.registry, keys, clock });
  return { kept, targetId, clock };
}

async function aVersionToKeep(): Promise<{ bundle: Bundle; fingerprint: string; notAfter: number }> {
  const bundle = bundleOf(await aVersion());
  const facts = factsOfPem(bundle.leaf);
  return { bundle, fingerprint: `${facts?.fingerprint}`, notAfter: Number(facts?.notAfter) };
}

/** Everything that the table has for a target, as text. */
async function itemsOf(targetId: string): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await tables.documents.send(new ScanCommand({ TableName: tableNames.registry }));
  return Items.filter((item) => item.targetId === targetId);
}

describe('kept copies of bundles', () => {
  test.each([
    ['a key of KMS', kmsKeys],
    ['a key of the state folder', fileKeys],
  ])('A copy that was sealed with %s is found with its key', async (_, keys) => {
    const { kept, targetId } = copiesWith(keys());
    const { bundle, ...version } = await aVersionToKeep();

    await kept.keep(targetId, { version, bundle, needed: [] });

    expect(await kept.find(targetId, version.fingerprint)).toEqual(bundle);
    expect(await kept.find('another-target', version.fingerprint)).toBeNull();
  });

  test('The table has neither a private key nor a bundle, and deletes the copy after the leaf has expired', async () => {
    const { kept, targetId } = copiesWith();
    const { bundle, ...version } = await aVersionToKeep();

    await kept.keep(targetId, { version, bundle, needed: [] });

    const [item] = await itemsOf(targetId);
    const text = JSON.stringify(item);
    expect(text).not.toMatch(/PRIVATE|CERTIFICATE/);
    for (const line of bundle.key.split('\n').filter((each) => each.length > 20))
      expect(text).not.toContain(line);
    expect(item?.expiresAt).toBe(version.notAfter);
  });

  test.each([
    ['KMS', kmsKeys],
    ['the state folder', fileKeys],
  ])('A copy that was moved to another target cannot be opened with the key of %s', async (_, keys) => {
    const { kept, targetId } = copiesWith(keys());
    const { bundle, ...version } = await aVersionToKeep();
    await kept.keep(targetId, { version, bundle, needed: [] });
    await tables.documents.send(
      new UpdateCommand({
        TableName: tableNames.registry,
        Key: { pk: `kept#${targetId}`, sk: version.fingerprint },
        UpdateExpression: 'SET targetId = :other',
        ExpressionAttributeValues: { ':other': 'another-target' },
      }),
    );

    await expect(kept.find(targetId, version.fingerprint)).rejects.toMatchObject({
      name: 'CredentialUnavailable',
      message: expect.not.stringContaining('PRIVATE'),
    });
  });

  test('A target has a limited number of copies: the oldest is removed, unless a rollback needs it', async () => {
    const { kept, targetId, clock } = copiesWith();
    const versions = await Promise.all(Array.from({ length: maximumCopies + 2 }, aVersionToKeep));
    const needed = [`${versions[0]?.fingerprint}`];
    for (const [at, { bundle, ...version }] of versions.entries()) {
      clock.set(new Date(Date.UTC(2026, 0, 1, at)).toISOString());
      await kept.keep(targetId, { version, bundle, needed });
    }

    const found = await Promise.all(versions.map(({ fingerprint }) => kept.find(targetId, fingerprint)));

    expect(found.map((bundle) => bundle !== null)).toEqual([true, false, ...Array(maximumCopies).fill(true)]);
  });

  test('All copies of a target are found, the latest first, also if all were kept in the same millisecond', async () => {
    const { kept, targetId } = copiesWith();
    const [first, second, third] = [await aVersionToKeep(), await aVersionToKeep(), await aVersionToKeep()];
    for (const { bundle, ...version } of [first, second, third, first])
      await kept.keep(targetId, { version, bundle, needed: [] });

    expect(await kept.all(targetId)).toEqual([first, third, second].map(({ bundle }) => bundle));
    expect(await kept.all('another-target')).toEqual([]);
  });

  test('Copies that no rollback needs are removed', async () => {
    const { kept, targetId } = copiesWith();
    const [first, second] = [await aVersionToKeep(), await aVersionToKeep()];
    for (const { bundle, ...version } of [first, second])
      await kept.keep(targetId, { version, bundle, needed: [] });

    await kept.retain(targetId, [second.fingerprint]);

    expect(await itemsOf(targetId)).toMatchObject([{ fingerprint: second.fingerprint }]);
  });

  test('KMS binds each data key to its target and version', async () => {
    const { kept, targetId } = copiesWith();
    const { bundle, ...version } = await aVersionToKeep();

    await kept.keep(targetId, { version, bundle, needed: [] });

    const context = { 'certferry:target': targetId, 'certferry:version': version.fingerprint };
    expect(service.contexts).toContainEqual(context);
  });
});
