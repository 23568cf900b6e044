// S3 is a script here: it cannot show who may ask it.
import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { sourceChecks } from '../../account/doctor/source-checks.ts';
import type { Clients } from '../../account/stack/clients.ts';
import { Certificate } from '../../core/registry/certificate.ts';

const bucketWith = (...keys: string[]) => ({
  async send(command: { readonly input: { readonly Key?: string } }) {
    if (command instanceof GetBucketVersioningCommand) return { Status: 'Enabled' };
    if (keys.includes(String(command.input.Key))) return {};
    throw Object.assign(new Error('no such object'), { name: 'NotFound' });
  },
});

async function found(key: string): Promise<string | undefined> {
  const clients = { s3: bucketWith('tls/api.pem') } as unknown as Clients;
  const source = { kind: 's3' as const, bucket: 'bundles', key };
  const certificate = Certificate.parse({ name: 'api.example.com', source });
  return (await sourceChecks(clients, [certificate])).at(-1)?.found;
}

test('A source in S3 is one object: a folder is not there', async () => {
  expect(await found('tls/api.pem')).toBe('s3://bundles/tls/api.pem');
  expect(await found('tls/')).toBe('s3: NotFound: not found');
});
