import { describe, expect, test } from 'vitest';
import { concurrencyCheck } from '../../account/doctor/concurrency-check.ts';
import type { Clients } from '../../account/stack/clients.ts';
import { Certificate } from '../../core/registry/certificate.ts';

/** Lambda answers with a number; this shows nothing of permissions. */
const clientsWith = (UnreservedConcurrentExecutions: number) =>
  ({
    lambda: { send: async () => ({ AccountLimit: { UnreservedConcurrentExecutions } }) },
  }) as unknown as Clients;

const certificate = (name: string, strategy: object = {}) =>
  Certificate.parse({ name, source: { kind: 'secretsmanager', secretId: name }, strategy });

describe('doctor', () => {
  test('The check of the Lambda concurrency passes in a new account with the default strategy', async () => {
    expect(await concurrencyCheck(clientsWith(10), [certificate('api.example.com')])).toMatchObject({
      name: 'Lambda concurrency',
      status: 'passed',
      found:
        '10 functions may run at once, and api.example.com deploys to 8 targets at once (maxConcurrency)',
    });
  });

  test('The check of the Lambda concurrency fails for the certificate with the highest maxConcurrency', async () => {
    const certificates = [certificate('a.example.com'), certificate('b.example.com', { maxConcurrency: 50 })];

    expect(await concurrencyCheck(clientsWith(10), certificates)).toMatchObject({
      status: 'failed',
      found: '10 functions may run at once, and b.example.com deploys to 50 targets at once (maxConcurrency)',
      next: expect.stringContaining('Set maxConcurrency of b.example.com below 10'),
    });
    expect(await concurrencyCheck(clientsWith(1000), certificates)).toMatchObject({ status: 'passed' });
  });
});
