import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RolloutRequest } from '../../core/rollout/rollout.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { createRollouts } from '../../services/rollouts/rollout-store.ts';
import { captured } from '../cli/capture.ts';
import { aFinished, aTarget } from '../cli/finished.ts';
import { aRolloutState } from '../cli/rollouts.ts';
import { anAccount, type FakeAws, machines } from './aws.ts';
import { aHistory } from './histories.ts';

const host = 'i-0123456789abcdef0';
const stack = ['--stack', 'Certferry'];

let aws: FakeAws;
let folder: string;
let file: string;

beforeEach(async () => {
  aws = await anAccount();
  folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  file = join(folder, 'targets.json');
  writeFileSync(
    file,
    JSON.stringify({
      certificates: [{ name: 'api.example.com', source: { kind: 'secretsmanager', secretId: 'x' } }],
      targets: [{ ...aTarget(), host }],
    }),
  );
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await aws.close();
});

async function setCurrent(): Promise<void> {
  const client = new DynamoDBClient({});
  const catalogue = createCatalogue(DynamoDBDocumentClient.from(client), tableNames.registry);
  const source = { kind: 'secretsmanager' as const, secretId: 'x', versionId: 'v1' };
  const version = { fingerprint: `sha256:${'ab'.repeat(32)}`, source, notAfter: 1_900_000_000 };
  await catalogue.setCurrentVersion('api.example.com', version, 1);
  client.destroy();
}

describe('the command line on a stack', () => {
  test('On a stack, targets apply registers a targets file, and the other actions list and remove', async () => {
    const dry = await captured('targets', 'apply', file, '--dry-run', ...stack);
    expect(dry.out.split('\n')).toEqual([
      '+ certificate api.example.com  new',
      '+ target web-1  new',
      'Dry run: 2 would be registered.',
    ]);

    const applied = await captured('targets', 'apply', file, ...stack);
    expect(applied).toMatchObject({ code: 0, err: '' });
    expect(applied.out).toContain('2 registered.');

    const listed = await captured('targets', 'list', ...stack);
    expect(listed.out.split('\n')).toEqual([
      'kind         name             details                                           registered by',
      'certificate  api.example.com  secretsmanager                                    cli',
      `target       web-1            nginx, api.example.com, host ${host}  cli`,
    ]);

    const removed = await captured('targets', 'remove', 'web-1', ...stack, '--json');
    expect(JSON.parse(removed.out)).toEqual({ removed: 'web-1' });
    const again = await captured('targets', 'remove', 'web-1', ...stack);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('NoTargets') });
  });

  test('The command line on a stack deploys the current version to a named target, and draws the execution', async () => {
    await captured('targets', 'apply', file, ...stack);
    const deploying = ['deploy', '--certificate', 'api.example.com', '--target', 'web-1', ...stack];
    const tooEarly = await captured(...deploying);
    expect(tooEarly).toMatchObject({ code: 2, err: expect.stringContaining('UnknownCertificate') });

    await setCurrent();
    const { output } = aFinished({ outcome: 'rolled_back', summary: 'the old one is back' });
    aws.stepFunctions.script(machines.deployTarget, () => [
      aHistory().start().task('AcquireLock', {}).fail('RolledBack', output).events,
    ]);
    const { code, out } = await captured(...deploying);

    expect(code).toBe(13);
    expect(out).toContain('web-1: AcquireLock');
    expect(out).toContain('✖ web-1  rolled_back');
    expect(out).toMatch(/certferry inspect --stack Certferry web-1-\d{8}T\d{6}-[0-9a-f]{8}/);
    const drawn = await captured('inspect', 'last', ...stack);
    expect(drawn.out).toContain('✖ RolledBack');
    expect(drawn.out).toContain('never entered (--all lists them)');
  });

  test('The command line on a stack follows a rollout with a line for what it decides, and reports', async () => {
    const state = aRolloutState();
    const output = {
      rolloutId: 'r',
      certificate: 'api.example.com',
      fingerprint: `sha256:${'ab'.repeat(32)}`,
      outcome: 'finished' as const,
      summary: 'all 10 targets reached',
      reason: null,
      total: 10,
      waves: 1,
      counts: { deployed: 10 },
    };
    aws.stepFunctions.script(machines.rollout, () => [
      aHistory()
        .start()
        .task('ResolveCertificate', state)
        .task('NextWave', state)
        .task('JudgeWave', state)
        .succeed('RolloutFinished', output).events,
    ]);
    const rolling = [
      'rollout',
      '--certificate',
      'api.example.com',
      '--waves',
      '1,100%',
      '--urgent',
      ...stack,
    ];

    const { code, out, err } = await captured(...rolling);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(aws.stepFunctions.started[0]?.input).toMatchObject({
      certificate: 'api.example.com',
      version: 'latest',
      urgent: true,
      repeat: false,
      only: null,
      strategy: { waves: [1, '100%'] },
    });
    expect(out).toContain('rollout: wave 1 (1): 1 of 10 targets, 0 already reached');
    expect(out).toContain('finished: every target has the version');
    const json = JSON.parse((await captured(...rolling, '--json')).out);
    expect(json).toMatchObject({ outcome: 'finished', total: 10, counts: { deployed: 10 } });
    const drawn = await captured('inspect', 'last', ...stack);
    expect(drawn.out).toContain('rollout api-example-com-');
    expect(drawn.out).toContain('deploy: wave 1 (1): 1 of 10 targets, 0 already reached');
    const page = join(folder, 'last.html');
    expect(await captured('inspect', 'last', '--html', page, ...stack)).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(page, 'utf8')).toContain('NextWave to JudgeWave: taken');
  });

  test('On a stack, a rollout is rolled back: through its execution while it runs, and by a redrive once it was halted', async () => {
    const client = new DynamoDBClient({});
    const rollouts = createRollouts(DynamoDBDocumentClient.from(client), tableNames.registry);
    await rollouts.begin({ ...aRolloutState().rollout, id: 'r-1' }, { repeat: false });

    const { code, out } = await captured('halt', 'r-1', '--rollback', ...stack);
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining('rollout --stack Certferry --follow r-1'),
    });
    expect(await rollouts.control('r-1')).toMatchObject({ status: 'halted', rollbackRequested: true });

    await rollouts.startRollback('r-1', 0);
    await rollouts.end('r-1', 'halted', 'it cannot', 0);
    const again = await captured('halt', 'r-1', '--rollback', ...stack);
    expect(again.err).toContain('certferry rollout --stack Certferry --resume r-1 --rollback');
    client.destroy();
  });

  test.each([
    ['current', 'current'],
    [`sha256:${'cd'.repeat(32)}`, { fingerprint: `sha256:${'cd'.repeat(32)}` }],
    ['v-0', { id: 'v-0' }],
  ])('On a stack, rollout --to selects another version than the latest: %s', async (said, version) => {
    aws.stepFunctions.script(machines.rollout, () => [aHistory().start().raw('ExecutionAborted').events]);

    await captured('rollout', '--certificate', 'api.example.com', '--to', said, ...stack);

    expect(RolloutRequest.parse(aws.stepFunctions.started[0]?.input).version).toEqual(version);
  });

  test('On a stack, sweep calls the function of the stack and reports what is wrong', async () => {
    const wrong = {
      targetId: 'web-1',
      certificate: 'api.example.com',
      host,
      condition: 'drift',
      daysToExpiry: 40,
      summary: '10.0.0.7:443 serves another leaf',
      healing: true,
      notHealed: null,
    };
    const report = { summary: '0 of 1 targets', swept: 1, counts: { drift: 1 }, reached: null, more: 0 };
    aws.state.sweep = { ...report, targets: [wrong] };

    const { code, out } = await captured('sweep', '--certificate', 'api.example.com', '--no-heal', ...stack);

    expect(aws.swept).toEqual([{ certificate: 'api.example.com', heal: false }]);
    expect(code).toBe(1);
    expect(out).toContain('✖ web-1  drift');
    expect(out).toContain('healing: a rollout was started');
    aws.state.sweep = { ...report, targets: [{ ...wrong, condition: 'ok' }] };
    expect((await captured('sweep', ...stack)).code).toBe(0);
    aws.state.sweep = { errorType: 'Sandbox.Timedout', errorMessage: 'time was up' };
    expect((await captured('sweep', ...stack)).err).toContain('certferry-sweep failed: Sandbox.Timedout');
    aws.state.sweep = { errorType: 'InvalidRequest', errorMessage: 'no' };
    expect((await captured('sweep', ...stack)).err).toMatch(
      /^InvalidRequest: no\nTroubleshooting: \S+#targets-and-requests$/,
    );
  });

  test('On a stack, warm calls the function of the stack for the hosts of all targets, or for those that are named', async () => {
    await captured('targets', 'apply', file, ...stack);
    const other = 'i-0123456789abcdef1';
    const summary = 'the file system /var has the mount option noexec';
    const failed = { host: other, outcome: 'failed', fetched: [], seconds: 0, summary };

    const all = await captured('warm', ...stack);
    aws.state.warm = () => failed;
    const named = await captured('warm', '--host', other, ...stack);
    const unknown = await captured('warm', '--target', 'nowhere', ...stack);

    expect(aws.warmed).toEqual([{ hosts: [host] }, { hosts: [other] }]);
    expect(all).toMatchObject({ code: 0, err: '1 host ended' });
    expect(all.out).toContain('✔ 1 host warm');
    expect(named.code).toBe(1);
    expect(named.out).toContain(summary);
    expect(unknown.err).toContain('target nowhere is not registered');
  });

  test('On a stack, halt also decides a waiting approval request, because a waiting rollout notices a halt only with the decision', async () => {
    const { rollout } = aRolloutState();
    const client = new DynamoDBClient({});
    const rollouts = createRollouts(DynamoDBDocumentClient.from(client), tableNames.registry);
    await rollouts.begin(rollout, { repeat: false });
    const requestedAt = '2026-01-01T00:00:00.000Z';
    await rollouts.requestApproval({
      rolloutId: rollout.id,
      wave: 1,
      attempt: 'a',
      secretHash: 'x',
      requestedAt,
      taskToken: 'token',
    });
    client.destroy();

    expect(await captured('halt', rollout.id, ...stack)).toMatchObject({ code: 0 });

    expect(aws.stepFunctions.answered).toMatchObject([
      { taskToken: 'token', output: { verdict: 'rejected' } },
    ]);
  });

  test('On a stack, lists are empty where nothing is registered, and impossible requests are explained', async () => {
    expect((await captured('history', ...stack)).out).toBe('No deployments yet.');
    const ofRollout = await captured('history', '--rollout', 'r-1', ...stack);
    expect(ofRollout.out).toBe('No deployments of rollout r-1 yet.');
    expect((await captured('rollouts', ...stack)).out).toBe('No rollouts yet.');
    expect((await captured('targets', 'list', ...stack)).out).toContain('Nothing is registered');
    expect(await captured('halt', 'r', ...stack)).toMatchObject({
      code: 2,
      err: expect.stringContaining('"certferry rollouts --stack Certferry" lists the rollouts'),
    });
    expect(await captured('approve', 'r', ...stack)).toMatchObject({
      code: 2,
      err: expect.stringContaining('rollout r does not wait for approval'),
    });
    expect(await captured('inspect', 'nothing', ...stack)).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no execution nothing in stack Certferry'),
    });
  });

  test('On a stack, a refusal by AWS is reported without a stack trace', async () => {
    aws.state.outputs.RegistryTableName = 'gone';

    const { code, err } = await captured('targets', 'list', ...stack);

    expect(code).toBe(2);
    expect(err).toMatch(/^ResourceNotFoundException: /);
    expect(err).not.toContain('    at ');
  });
});
