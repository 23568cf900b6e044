import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import type { Check } from '../../core/check.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { captured } from '../cli/capture.ts';
import type { FakeAws } from './aws.ts';
import { installIn, registerIn } from './registered-target.ts';
import { useAccount } from './use-account.ts';

const host = 'i-0123456789abcdef0';
const inDays = (days: number) => Math.floor(Date.now() / 1000) + days * 86_400;

let aws: FakeAws;
let documents: DynamoDBDocumentClient;

useAccount((account, client) => {
  [aws, documents] = [account, client];
});

const register = (options = {}) => registerIn(documents, options);
const install = (changes = {}) => installIn(documents, changes);

async function doctor(): Promise<{ code: number; ok: boolean; checks: Check[] }> {
  const { code, out } = await captured('doctor', '--stack', 'Certferry', '--json');
  return { code, ...JSON.parse(out) };
}

/** What asks for something: the name of the check and what it has found. */
async function complaints(): Promise<string[]> {
  const { checks } = await doctor();
  expect(checks.filter(({ ok, next }) => !ok && next === null)).toEqual([]);
  return checks.filter(({ ok }) => !ok).map(({ name, found }) => `${name}: ${found}`);
}

describe('the doctor', () => {
  test('The doctor reports no problem on a healthy stack, and lists what it checked', async () => {
    await register();
    await install();

    const { code, ok, checks } = await doctor();

    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(checks.map(({ name }) => name)).toEqual([
      ...['stack', 'state machines', 'document', 'tables', 'undelivered events', 'notifications'],
      ...['registrations', 'source of api.example.com', 'Lambda concurrency'],
      ...['targets without a host', 'hosts', 'SSM Agent'],
      ...['systems', 'VPC endpoints', 'endpoint policy', 'architectures', 'deployments', 'expiry'],
    ]);
  });

  test('The doctor prints a line for each check and the next steps below', async () => {
    await register();
    await install();
    aws.state.undelivered = 3;

    const { code, out } = await captured('doctor', '--stack', 'Certferry');

    expect(code).toBe(1);
    expect(out).toContain('✔ stack                      Certferry: UPDATE_COMPLETE');
    expect(out).toMatch(
      /✖ undelivered events +events in dead-letter queues: 3 in undelivered\n +→ Read the messages/,
    );
    expect(out).toContain('1 of 18 checks failed.');
  });

  test('The doctor reports what is wrong with the stack', async () => {
    await register();
    await install();
    Object.assign(aws.state, {
      stackStatus: 'UPDATE_ROLLBACK_COMPLETE',
      documentStatus: 'Failed',
      subscribers: 0,
    });
    aws.stepFunctions.machineStatus = 'DELETING';
    aws.state.outputs.LocksTableName = 'gone';

    expect(await complaints()).toEqual([
      'stack: Certferry: UPDATE_ROLLBACK_COMPLETE',
      'state machines: certferry-deploy-target: DELETING, certferry-rollout: DELETING',
      'document: certferry-agent: Failed, version 3',
      expect.stringMatching(/^tables: DynamoDB DescribeTable: ResourceNotFoundException: /),
      expect.stringMatching(/^notifications: no confirmed subscriber/),
    ]);
  });

  test('The doctor reports hosts that run an earlier document version, and how to change it', async () => {
    await register();
    await install();
    aws.state.documentLatest = '4';

    const { checks } = await doctor();

    expect(checks.filter(({ ok }) => !ok)).toEqual([
      {
        name: 'document',
        status: 'failed',
        ok: false,
        found: 'certferry-agent: Active, version 3, but the latest is 4: hosts run an outdated agent',
        next: 'aws ssm update-document-default-version --name certferry-agent --document-version 4',
      },
    ]);
  });

  test('The doctor has nothing to check in an empty registry, which is neither a success nor a failure', async () => {
    const { code, out } = await captured('doctor', '--stack', 'Certferry');

    expect(code).toBe(0);
    expect(out).not.toContain('All checks passed');
    expect(out).toContain('7 checks passed. 11 checks had nothing to check.');
    expect(out).toMatch(/– registrations +0 certificates, 0 targets\n +→ Register targets with/);
    const { checks } = await doctor();
    expect(
      checks.filter(({ status }) => status === 'nothing').map(({ name, found }) => `${name}: ${found}`),
    ).toEqual([
      'registrations: 0 certificates, 0 targets',
      'sources: no certificate is registered',
      'targets without a host: no target to check',
      'hosts: no host to check',
      'SSM Agent: no host is registered with SSM',
      'systems: no host is registered with SSM',
      'VPC endpoints: no EC2 instance to check',
      'endpoint policy: no EC2 instance to check',
      'architectures: no EC2 instance to check',
      'deployments: no host of a target is known',
      'expiry: no installed certificate is known',
    ]);
  });

  test('The doctor reports unregistered certificates', async () => {
    await register({ target: { certificate: 'other.example.com' } });
    await install();

    expect(await complaints()).toEqual([
      'registrations: 1 certificate, 1 target; the certificate of web-1 is not registered',
    ]);
  });

  test('The doctor reports targets whose hosts it cannot determine, with the reason, and counts them in other checks', async () => {
    await register({ target: { host: { tags: { app: 'web' } } } });
    aws.state.ec2Denied = true;

    const { checks } = await doctor();

    expect(checks.find(({ name }) => name === 'targets without a host')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(
        /^the hosts of web-1 are unknown: EC2 DescribeInstances: UnauthorizedOperation/,
      ),
      next: 'Allow ec2:DescribeInstances for these credentials, or select another profile (--profile).',
    });
    expect(checks.find(({ name }) => name === 'hosts')).toMatchObject({
      status: 'nothing',
      found: 'no host to check; the hosts of 1 target are unknown',
    });
  });

  test('The doctor reports a stack without dead-letter queues, and a subscription that is not confirmed', async () => {
    await register();
    await install();
    aws.state.hasQueue = false;
    Object.assign(aws.state, { subscribers: 0, pendingSubscribers: 1 });

    const { checks } = await doctor();

    expect(checks.filter(({ ok }) => !ok).map(({ name, next }) => `${name}: ${next}`)).toEqual([
      'undelivered events: Deploy the stack again: npx cdk deploy',
      'notifications: Confirm the subscription: open the link in the message that SNS sent to the subscriber.',
    ]);
  });

  test.each([
    ['no source: only rollouts', null],
    [
      'secretsmanager: ResourceNotFoundException: not found',
      { kind: 'secretsmanager' as const, secretId: 'certferry/none' },
    ],
    [
      'parameter /tls is a String, so the private key is stored unencrypted',
      { kind: 'parameter' as const, name: '/tls' },
    ],
    [
      'ISSUED, AMAZON_ISSUED, not exportable',
      {
        kind: 'acm' as const,
        certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/0f1e2d3c',
      },
    ],
  ])('The doctor reports an unusable source: %s', async (words, source) => {
    await register({ source });
    await install();
    aws.state.parameters = [{ Name: '/tls', Type: 'String', Version: 1 }];
    aws.state.acm.Options.Export = 'DISABLED';

    expect(await complaints()).toEqual([
      expect.stringMatching(`^source of api.example.com: .*${words.replaceAll(/[()]/g, '.')}`),
    ]);
  });

  test('The doctor reports unreachable hosts with their agent', async () => {
    await register();
    await install();
    aws.state.hosts = [];
    aws.state.instances = [host];
    expect(await complaints()).toEqual([`hosts: not registered with SSM: ${host}`]);
    aws.state.unknownHostsRefused = true;
    expect(await complaints()).toEqual([`hosts: not registered with SSM: ${host}`]);

    aws.state.hosts = [
      { InstanceId: host, PingStatus: 'ConnectionLost', AgentVersion: '3.3.987.0', IPAddress: '10.0.0.7' },
    ];
    expect(await complaints()).toEqual([
      `hosts: offline: ${host}`,
      `SSM Agent: older than 3.3.2746.0: ${host} has 3.3.987.0`,
    ]);
  });

  test('The doctor reports a target whose host was terminated as a target without a host', async () => {
    await register();
    await install();
    aws.state.hosts = [];

    expect(await complaints()).toEqual(['targets without a host: no host found for web-1']);
  });

  test.each([
    ['a host', { host: `222233334444/eu-west-1/${host}` }, '1 target, all with a host'],
    [
      'a group',
      { host: { autoScalingGroup: 'web', account: '222233334444', region: 'eu-west-1' } },
      'no target to check; 1 in other accounts or regions were not checked',
    ],
  ])(
    'The doctor holds nothing against %s of another account, which it may not ask about',
    async (_, target, found) => {
      await register({ target });
      await install();

      const { checks } = await doctor();

      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(checks.find(({ name }) => name === 'targets without a host')?.found).toBe(found);
    },
  );

  test('The doctor reports targets that failed, were never deployed to, or expire soon', async () => {
    await register();
    expect(await complaints()).toEqual(['deployments: never deployed: web-1']);

    await install({ outcome: 'rolled_back', notAfter: inDays(3) + 60 });
    expect(await complaints()).toEqual([
      'deployments: last deployment failed: web-1 (rolled_back)',
      'expiry: expires soon: web-1 (in 3 days)',
    ]);
  });

  test('The doctor names the checks that it cannot make without the registry', async () => {
    const broken = { pk: { S: 'certificates' }, sk: { S: 'x' } };
    await documents.send(new PutItemCommand({ TableName: tableNames.registry, Item: broken }));
    aws.state.outputs.RegistryTableName = 'gone';

    const { checks } = await doctor();

    expect(checks.find(({ name }) => name === 'registrations')).toMatchObject({
      status: 'failed',
      found: expect.stringMatching(/^DynamoDB Query: ResourceNotFoundException: /),
    });
    expect(checks.slice(7).map(({ name, status }) => `${name}: ${status}`)).toEqual([
      ...['sources: nothing', 'Lambda concurrency: nothing'],
      ...['targets without a host: nothing', 'hosts: nothing', 'SSM Agent: nothing'],
      ...['systems: nothing', 'VPC endpoints: nothing', 'endpoint policy: nothing', 'architectures: nothing'],
      ...['deployments: nothing', 'expiry: nothing'],
    ]);
  });
});
