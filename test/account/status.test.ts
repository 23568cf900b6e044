import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createTargetLocks } from '../../services/locks/target-locks.ts';
import { captured } from '../cli/capture.ts';
import type { FakeAws } from './aws.ts';
import { installIn, registerIn } from './registered-target.ts';
import { useAccount } from './use-account.ts';

let aws: FakeAws;
let documents: DynamoDBDocumentClient;
useAccount((account, client) => {
  [aws, documents] = [account, client];
});

async function status(...options: string[]) {
  const { code, out, err } = await captured('status', '--stack', 'Certferry', '--json', ...options);
  return { code, err, targets: JSON.parse(out).targets };
}

describe('the status of a stack', () => {
  beforeEach(() => registerIn(documents));

  test('Status reports the installed version, its expiry and the last deployment of a target', async () => {
    await installIn(documents);

    const { code, targets } = await status();

    expect(code).toBe(0);
    expect(targets).toMatchObject([
      {
        targetId: 'web-1',
        certificate: 'api.example.com',
        host: 'i-0123456789abcdef0',
        condition: 'not_probed',
        fingerprint: `sha256:${'ab'.repeat(32)}`,
        lastDeployment: { deploymentId: 'd', outcome: 'deployed', at: '2026-11-22T04:15:00.000Z' },
        served: null,
        lock: null,
      },
    ]);
  });

  test('Status ends with 1 for a target that never had a deployment, and for one whose deployment failed', async () => {
    expect(await status()).toMatchObject({ code: 1, targets: [{ condition: 'never_deployed' }] });

    await installIn(documents, { outcome: 'rollback_failed', fingerprint: null, notAfter: null });

    const { code, targets } = await status();
    expect(code).toBe(1);
    expect(targets).toMatchObject([{ fingerprint: null, lastDeployment: { outcome: 'rollback_failed' } }]);
  });

  test('Status with --probe shows what the sweep of the stack found, and heals nothing', async () => {
    await installIn(documents);
    const drift = { condition: 'drift', daysToExpiry: 3, summary: 'serves another leaf' };
    const target = {
      targetId: 'web-1',
      certificate: 'api.example.com',
      host: 'i-0123456789abcdef0',
      ...drift,
      served: { fingerprint: 'sha256:other', notAfter: 1_795_000_000 },
    };
    aws.state.sweep = { summary: '', more: 0, targets: [{ ...target, healing: false, notHealed: null }] };

    const { code, targets } = await status('--probe');

    expect(code).toBe(1);
    expect(targets).toMatchObject([{ targetId: 'web-1', ...drift, served: target.served }]);
    expect(aws.swept).toEqual([{ heal: false }]);
  });

  test('Status shows the execution that holds the lock of a target', async () => {
    await installIn(documents);
    const [targetId, since] = ['web-1', '2026-11-22T04:30:00.000Z'];
    const executionArn = 'arn:aws:states:eu-west-1:123456789012:execution:certferry-deploy-target:web-1-y';
    const locks = createTargetLocks(documents, tableNames.locks);
    const request = { targetId, supersedes: true, now: new Date(since) };
    const requestNumber = await locks.registerRequest({ ...request, requestId: executionArn });
    await locks.acquire({ ...request, executionArn, requestNumber, startedAt: since });

    const { code, targets } = await status();

    expect(code).toBe(0);
    expect(targets).toMatchObject([{ lock: { executionName: 'web-1-y', since } }]);
  });

  test('Status with --certificate shows only the targets of this certificate, and refuses one without targets', async () => {
    const { targets } = await status('--certificate', 'api.example.com');
    const unknown = await captured('status', '--stack', 'Certferry', '--certificate', 'api.exmaple.com');

    expect(targets).toHaveLength(1);
    expect(unknown).toMatchObject({
      code: 2,
      err: expect.stringContaining('no registered target has the certificate api.exmaple.com'),
    });
  });
});
