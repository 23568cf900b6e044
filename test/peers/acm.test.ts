import { ACMClient, ImportCertificateCommand, ListTagsForCertificateCommand } from '@aws-sdk/client-acm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bundle } from '../../core/deployment/version.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import { acmContract } from '../agent-scripts/stores/acm-contract.ts';
import { type AcmServer, startAcmServer } from '../fakes/acm-server.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { type AwsStandIn, startAwsStandIn } from './aws-stand-in.ts';

acmContract('moto', startAwsStandIn);

/** A re-import over a P-256 certificate that ACM refuses. The strict server names the source of each refusal. */
const refusedByAcm: Readonly<
  Record<string, (first: Bundle) => Promise<Partial<Bundle> & { tagged?: boolean }>>
> = {
  'tags with a re-import': async (first) => ({ ...first, tagged: true }),
  'a key of another certificate': async () => ({ key: bundleOf(await aVersion()).key }),
  'a chain of another CA': async (first) => ({ chain: [first.leaf] }),
  'another key type': async () => bundleOf(await aVersion({ keyType: 'rsa2048' })),
  'another key size': async () => bundleOf(await aVersion({ keyType: 'p384' })),
};

function clientOf(endpoint: string): ACMClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'unused' };
  return new ACMClient({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 });
}

function importOf({ leaf, chain, key }: Bundle) {
  return {
    Certificate: Buffer.from(leaf),
    PrivateKey: Buffer.from(key),
    CertificateChain: Buffer.from(chain.join('')),
  };
}

describe('moto and the strict server', () => {
  let moto: AwsStandIn;
  let strict: AcmServer;
  beforeAll(async () => {
    [moto, strict] = await Promise.all([startAwsStandIn(), startAcmServer('us-east-1')]);
  });
  afterAll(() => Promise.all([moto.stop(), strict.close()]));

  test('A re-import keeps the tags in the strict server as in ACM, whereas moto removes them', async () => {
    const tags = async (endpoint: string) => {
      const client = clientOf(endpoint);
      const bundle = bundleOf(await aVersion());
      const input = importOf(bundle);
      const { CertificateArn } = await client.send(
        new ImportCertificateCommand({ ...input, Tags: [{ Key: 'team', Value: 'web' }] }),
      );
      await client.send(new ImportCertificateCommand({ ...input, CertificateArn }));
      return (await client.send(new ListTagsForCertificateCommand({ CertificateArn }))).Tags;
    };

    expect(await tags(strict.endpoint)).toEqual([{ Key: 'team', Value: 'web' }]);
    expect(await tags(moto.endpoint)).toEqual([]);
  });

  /** The name of the refusal of a re-import; null if it is accepted. */
  async function reimport(endpoint: string, change: (typeof refusedByAcm)[string]): Promise<string | null> {
    const client = clientOf(endpoint);
    const first = bundleOf(await aVersion());
    const send = (bundle: Bundle, more = {}) =>
      client.send(new ImportCertificateCommand({ ...importOf(bundle), ...more }));
    const { CertificateArn } = await send(first);
    const { tagged = false, ...next } = await change(first);
    return await send(
      { ...first, ...next },
      { CertificateArn, ...(tagged && { Tags: [{ Key: 'a', Value: 'b' }] }) },
    ).then(
      () => null,
      (error: Error) => error.name,
    );
  }

  test.each(Object.entries(refusedByAcm))(
    'The strict server refuses %s as ACM does, whereas moto accepts it',
    async (_, change) => {
      expect(await reimport(strict.endpoint, change)).toBe('ValidationException');
      expect(await reimport(moto.endpoint, change)).toBeNull();
    },
  );
});
