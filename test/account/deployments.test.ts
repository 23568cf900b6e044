import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitAfter } from '../../account/executions/follow-execution.ts';
import { openStackBackend, type StackBackend } from '../../account/stack-backend.ts';
import { DeploymentRequest, type RecordedDeployment } from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { createRollouts } from '../../services/rollouts/rollout-store.ts';
import { aFinished, aTarget } from '../cli/finished.ts';
import { aRolloutState } from '../cli/rollouts.ts';
import { anAccount, type FakeAws, machines } from './aws.ts';
import { aHistory } from './histories.ts';

const host = 'i-0123456789abcdef0';
const version = {
  fingerprint: `sha256:${'ab'.repeat(32)}`,
  source: { kind: 'secretsmanager' as const, secretId: 'certferry/api', versionId: 'v1' },
};

let aws: FakeAws;
let account: StackBackend;
let client: DynamoDBClient;

beforeEach(async () => {
  aws = await anAccount();
  account = await openStackBackend({ stack: 'Certferry', region: undefined, profile: undefined });
  client = new DynamoDBClient({});
  const catalogue = createCatalogue(DynamoDBDocumentClient.from(client), tableNames.registry);
  const target = RegisteredTarget.parse({ ...aTarget(), host, verify: { endpoint: '{host}:443' } });
  await catalogue.putTarget(target, 'cli');
});
afterEach(async () => {
  client.destroy();
  await account.close();
  await aws.close();
});

const recorded = (changes: Partial<RecordedDeployment> = {}): RecordedDeployment => ({
  ...aFinished(changes).output,
});

/** The next execution of deploy-target walks this path, some of it only when it is looked at again. */
function playDeployment(output: RecordedDeployment): void {
  const history = aHistory()
    .start()
    .task('AcquireLock', {})
    .task('PushBundle', {})
    .succeed('Deployed', output);
  aws.stepFunctions.script(machines.deployTarget, () => [
    history.events.slice(0, 4),
    history.events.slice(4, 8),
    history.events.slice(8),
  ]);
}

describe('a deployment through a stack', () => {
  test('A deployment through a stack is an execution of its own for each host of the target, followed to its end', async () => {
    playDeployment(recorded());
    const reported: ExecutionEvent[] = [];
    const [target] = await account.findTargets(['web-1'], 'api.example.com');

    const ended = await account.deploy({ target, action: 'deploy', version }, (event) =>
      reported.push(event),
    );

    const [started] = aws.stepFunctions.started;
    expect(started).toMatchObject({ stateMachineArn: machines.deployTarget, name: ended.executionName });
    expect(DeploymentRequest.parse(started?.input)).toMatchObject({
      action: 'deploy',
      version,
      target: { id: 'web-1', host, verify: { endpoint: '10.0.0.7:443' } },
    });
    expect(ended.output).toEqual(recorded());
    expect(reported).toEqual(ended.events);
    const entered = reported.filter(({ type }) => type === 'StateEntered').map(({ state }) => state?.name);
    expect(entered).toEqual(['AcquireLock', 'PushBundle', 'Deployed']);
  });

  test.each([
    [['AcquireLock'], { outcome: 'rejected', reason: 'Interrupted' }],
    [['AcquireLock', 'PushBundle'], { outcome: 'lost', reason: 'ABORTED' }],
  ])(
    'A deployment through a stack is lost when its execution broke off, unless it had not sent a job (%j)',
    async (states, expected) => {
      aws.stepFunctions.script(machines.deployTarget, () => {
        const history = states.reduce((so, state) => so.enter('Task', state), aHistory().start());
        return [history.raw('ExecutionAborted').events];
      });
      const [target] = await account.findTargets(['web-1']);

      const { output } = await account.deploy({ target, action: 'rollback', version: null });

      expect(output).toMatchObject({ ...expected, targetId: 'web-1' });
    },
  );

  test('A deployment through a stack reaches a host of another account that its target names by its id, without asking there', async () => {
    const there = `222233334444/eu-west-1/${host}`;
    const catalogue = createCatalogue(DynamoDBDocumentClient.from(client), tableNames.registry);
    const target = RegisteredTarget.parse({ ...aTarget(), id: 'web-2', host: there, verify: 'none' });
    await catalogue.putTarget(target, 'cli');

    expect(await account.findTargets(['web-2'])).toMatchObject([{ id: 'web-2', host: there }]);
  });

  test.each([
    ['tags', { host: { tags: { app: 'web' }, account: '222233334444', region: 'eu-west-1' } }],
    ['an address that is asked for', { host: `222233334444/eu-west-1/${host}` }],
  ])(
    'A deployment through a stack resolves hosts in another account with the function %s, which alone may do so',
    async (_, changes) => {
      const there = `222233334444/eu-west-1/${host}`;
      const catalogue = createCatalogue(DynamoDBDocumentClient.from(client), tableNames.registry);
      const verify = { endpoint: '{host}:443' };
      await catalogue.putTarget(
        RegisteredTarget.parse({ ...aTarget(), id: 'web-2', verify, ...changes }),
        'cli',
      );
      await expect(account.findTargets(['web-2'])).rejects.toMatchObject({
        name: 'StackUnusable',
        message: expect.stringContaining('certferry-find-hosts'),
      });
      aws.state.found = { hosts: [{ host: there, address: '10.9.0.7', online: true }] };

      const [member] = await account.findTargets(['web-2']);

      expect(aws.sought.at(-1)).toEqual({ targetId: 'web-2' });
      expect(member).toMatchObject({ host: there, verify: { endpoint: '10.9.0.7:443' } });
      expect(member.id).toBe(typeof changes.host === 'string' ? 'web-2' : `web-2.${host}`);
    },
  );

  test('A deployment through a stack needs a target that is registered, and of the certificate that was named', async () => {
    await expect(account.findTargets(['web-9'])).rejects.toMatchObject({ name: 'NoTargets' });
    await expect(account.findTargets(['web-1'], 'other.test')).rejects.toThrow(
      'target web-1 has the certificate api.example.com, not other.test',
    );
  });

  test('A deployment through a stack needs a version that was rolled out before', async () => {
    await expect(account.findVersion('api.example.com', null)).rejects.toMatchObject({
      name: 'UnknownCertificate',
      message: expect.stringContaining('certferry rollout --certificate api.example.com'),
    });
    const catalogue = createCatalogue(DynamoDBDocumentClient.from(client), tableNames.registry);
    await catalogue.setCurrentVersion('api.example.com', { ...version, notAfter: 1_900_000_000 }, 1);

    expect(await account.findVersion('api.example.com', null)).toEqual(version);
    expect(await account.findVersion('api.example.com', version.fingerprint)).toEqual(version);
  });

  test('A deployment through a stack may be of an older version that a rollout has deployed, by its fingerprint', async () => {
    const older = `sha256:${'cd'.repeat(32)}`;
    await expect(account.findVersion('api.example.com', older)).rejects.toThrow(`deployed ${older}`);
    const rollouts = createRollouts(DynamoDBDocumentClient.from(client), tableNames.registry);
    const source = { ...version.source, versionId: 'v0' };
    await rollouts.begin(
      {
        ...aRolloutState().rollout,
        certificate: 'api.example.com',
        version: { fingerprint: older, source, notAfter: 1_900_000_000 },
        only: null,
      },
      { repeat: false },
    );

    expect(await account.findVersion('api.example.com', older)).toEqual({ fingerprint: older, source });
  });
});

describe('an execution in an account', () => {
  test('An execution in an account is found by its name, by its ARN and as the last one', async () => {
    playDeployment(recorded());
    const [target] = await account.findTargets(['web-1']);
    const { executionName } = await account.deploy({ target, action: 'deploy', version });
    const arn = `${machines.deployTarget.replace('stateMachine', 'execution')}:${executionName}`;

    const found = await Promise.all([executionName, arn, 'last'].map((name) => account.inspect(name)));

    for (const execution of found) {
      expect(execution).toMatchObject({ executionName, status: 'SUCCEEDED', output: recorded() });
    }
    expect(await account.inspect('nowhere')).toBeNull();
  });

  test('An execution in an account is read often while it progresses, and less often while it waits', () => {
    expect([0, 1, 2, 3, 4, 50].map(waitAfter)).toEqual([2, 2.5, 3.125, 3.90625, 4.8828125, 5]);
  });
});
