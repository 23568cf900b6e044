import '../../fixtures/memory-kind.ts';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type JobAction,
  jobActions,
  maximumJobCharacters,
  type SealedStoreBody,
} from '../../../core/deployment/job.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import { type HostPrivateKey, makeHostKey, publicHostKey } from '../../../core/seal/host-key.ts';
import { readJob } from '../../../core/seal/job-text.ts';
import { seal, sealStoreJob } from '../../../core/seal/seal.ts';
import { unseal, unsealStoreJob } from '../../../core/seal/unseal.ts';
import { Target } from '../../../core/targets/target.ts';
import { createAuthority } from '../../fixtures/certificates.ts';
import { aBody, aHeader } from './jobs.ts';

let host: HostPrivateKey;

beforeAll(async () => {
  host = await makeHostKey();
});

const secret = 'a-password-of-the-store';

function aStoreBody(known: Partial<SealedStoreBody> = {}): SealedStoreBody {
  const target = Target.parse({
    id: 'web-1',
    certificate: 'api.example.com',
    host: 'local',
    kind: 'memory',
    config: { entry: 'web', token: { secretId: 'store-token' } },
    verify: 'none',
  });
  return { target, bundle: aBody().bundle, credentials: { token: secret }, previous: [], ...known };
}

const jobsWithoutBundle = ['rollback', 'undo', 'inspect'] as const;

describe('a sealed job for a target in a store', () => {
  test.each(jobsWithoutBundle)(
    'A sealed %s job for a store gives back its body on its host',
    async (action) => {
      const header = aHeader({ action });
      const body = aStoreBody({ bundle: null, previous: [aBody().bundle] });

      const text = await sealStoreJob(header, body, publicHostKey(host));

      expect(readJob(text)).toEqual({ sealed: true, header, kid: host.kid, text });
      expect(await unsealStoreJob(text, host)).toEqual({ header, body });
    },
  );

  test('A sealed deploy job for a store gives back bundle, credentials and the version to replace', async () => {
    const body = aStoreBody({ replaces: `sha256:${'0'.repeat(64)}` });

    const text = await sealStoreJob(aHeader(), body, publicHostKey(host));

    expect((await unsealStoreJob(text, host)).body).toEqual(body);
  });

  test('A sealed job for a store has room for the new version and two earlier ones, with RSA 4096 keys and two intermediates', async () => {
    const authority = await createAuthority({ name: 'Large', keyType: 'rsa4096', intermediate: true });
    const names = ['www', 'api', 'mail', 'shop'].map((name) => `${name}.a-rather-long-name.example.test`);
    const issued = [1, 2, 3].map(() => authority.issue({ names, keyType: 'rsa4096' }));
    const [bundle, ...previous] = (await Promise.all(issued)).map(({ certPem, chainPem, keyPem }) => ({
      ...{ leaf: certPem, chain: [chainPem, authority.rootPem], key: keyPem },
    }));

    const body = aStoreBody({ bundle: bundle ?? null, previous });
    const text = await sealStoreJob(aHeader(), body, publicHostKey(host));

    console.info(`RSA 4096, 3 versions: ${text.length} of ${maximumJobCharacters} characters`);
    expect(text.length).toBeLessThan(maximumJobCharacters - 1000);
  });

  test('A sealed job for a store shows no credential outside its sealed part', async () => {
    const text = await sealStoreJob(aHeader(), aStoreBody(), publicHostKey(host));

    const clear = text.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));

    expect(clear.join('\n')).not.toContain(secret);
  });

  test('A job for a store is refused if it is to enroll a host', async () => {
    const text = await sealStoreJob(aHeader({ action: 'enroll' }), aStoreBody(), publicHostKey(host));

    await expect(unsealStoreJob(text, host)).rejects.toThrow(/the job enroll must not be sealed/);
  });

  test('A job for a store has a bundle if it deploys or checks one, and else none', async () => {
    const jobs = jobActions
      .filter((action) => action !== 'enroll')
      .flatMap((action) => [null, aBody().bundle].map((bundle) => ({ action, bundle })));
    const accepted = await Promise.all(jobs.map(describeIfAccepted));

    expect(accepted.filter((text) => text !== null).toSorted()).toEqual([
      'deploy with a bundle',
      'inspect without a bundle',
      'onDeployed without a bundle',
      'rollback without a bundle',
      'undo without a bundle',
      'validate with a bundle',
    ]);
  });

  test('A job for a target with files is not opened as one for a store', async () => {
    const text = await seal(aHeader(), aBody(), publicHostKey(host));
    const disguised = { ...aStoreBody(), target: aBody().target };
    const other = await sealStoreJob(aHeader(), disguised, publicHostKey(host));

    await expect(unsealStoreJob(text, host)).rejects.toMatchObject({ name: 'JobUnreadable' });
    await expect(unsealStoreJob(other, host)).rejects.toThrow(/web-1 is of kind nginx/);
  });

  test('A job for a store is not opened as one for a target with files', async () => {
    const text = await sealStoreJob(aHeader(), aStoreBody(), publicHostKey(host));
    const undo = await sealStoreJob(
      aHeader({ action: 'undo' }),
      aStoreBody({ bundle: null }),
      publicHostKey(host),
    );

    const disguised = await seal(
      aHeader(),
      { target: aStoreBody().target, bundle: aBody().bundle },
      publicHostKey(host),
    );

    await expect(unseal(text, host)).rejects.toMatchObject({ name: 'JobUnreadable' });
    await expect(unseal(disguised, host)).rejects.toThrow(/web-1 is of kind memory/);
    await expect(unseal(undo, host)).rejects.toThrow(
      /the job undo for a target with files must not be sealed/,
    );
  });

  test('A job for a store that its key does not open is refused without its secrets', async () => {
    const text = await sealStoreJob(aHeader(), aStoreBody(), publicHostKey(host));
    const other = await makeHostKey();
    const broken = { ...aStoreBody(), credentials: { token: 7 } } as unknown as SealedStoreBody;

    await expect(unsealStoreJob(text, other)).rejects.toMatchObject({ name: 'SealBroken' });
    const unread = await sealStoreJob(aHeader(), broken, publicHostKey(host));
    await expect(unsealStoreJob(unread, host)).rejects.toThrow(/credentials\.token/);
  });
});

async function describeIfAccepted({ action, bundle }: { action: JobAction; bundle: Bundle | null }) {
  const text = await sealStoreJob(aHeader({ action }), aStoreBody({ bundle }), publicHostKey(host));
  return unsealStoreJob(text, host).then(
    () => `${action} ${bundle === null ? 'without' : 'with'} a bundle`,
    () => null,
  );
}
