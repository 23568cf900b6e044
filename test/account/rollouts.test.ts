import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStackBackend, type StackBackend } from '../../account/stack-backend.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { type RecordedRollout, RolloutRequest } from '../../core/rollout/rollout.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import type { WaveCounts } from '../../services/backend/backend.ts';
import { createRollouts, type Rollouts } from '../../services/rollouts/rollout-store.ts';
import { createWaveFiles } from '../../services/rollouts/wave-files.ts';
import { aRolloutState } from '../cli/rollouts.ts';
import { anAccount, type FakeAws, machines, workBucket } from './aws.ts';
import { aHistory } from './histories.ts';

let aws: FakeAws;
let account: StackBackend;
let rollouts: Rollouts;
let clients: { destroy(): void }[];

beforeEach(async () => {
  aws = await anAccount();
  account = await openStackBackend({ stack: 'Certferry', region: undefined, profile: undefined });
  const dynamoDb = new DynamoDBClient({});
  const s3 = new S3Client({});
  clients = [dynamoDb, s3];
  rollouts = createRollouts(DynamoDBDocumentClient.from(dynamoDb), tableNames.registry);
  waveFiles = createWaveFiles(s3, workBucket);
});
let waveFiles: ReturnType<typeof createWaveFiles>;
afterEach(async () => {
  for (const client of clients) client.destroy();
  await account.close();
  await aws.close();
});

const request = RolloutRequest.parse({ certificate: 'api.example.com' });

/** What a test hears. */
function aWatch() {
  const heard = { begun: '', events: [] as ExecutionEvent[], counts: [] as WaveCounts[] };
  const watch = {
    onStart: (id: string) => {
      heard.begun = id;
    },
    onEvent: (event: ExecutionEvent) => void heard.events.push(event),
    onCounts: (counts: WaveCounts) => void heard.counts.push(counts),
  };
  return { heard, watch };
}

const entered = (events: readonly ExecutionEvent[]) =>
  events.flatMap(({ type, state }) => (type === 'StateEntered' ? [state?.name] : []));

const judged = {
  number: 1,
  direction: 'forward' as const,
  results: [
    {
      targetId: 'web-1',
      executionArn: 'arn:x:web',
      status: 'FAILED' as const,
      outcome: 'rolled_back',
      summary: 'not served',
    },
  ],
};

/** The rollout is in the registry, as its first state puts it there. */
async function begunIn(id: string): Promise<void> {
  const { rollout } = aRolloutState();
  const { sequence: _, ...whole } = { ...rollout, id };
  await rollouts.begin(whole as Parameters<Rollouts['begin']>[0], { repeat: false });
}

/** Reads the certificate, deploys a wave whose Map Run is there to be looked at, and goes on as the test says. */
function playWave(rest: (history: ReturnType<typeof aHistory>) => ReturnType<typeof aHistory>): void {
  const state = aRolloutState();
  const first = aHistory()
    .start()
    .task('ResolveCertificate', state)
    .task('NextWave', state)
    .enter('Map', 'DeployWave')
    .mapRun('arn:aws:states:eu-west-1:1:mapRun:certferry-rollout/DeployWave:x');
  const upTo = first.events.length;
  const whole = rest(first.exit('Map', 'DeployWave', state).task('JudgeWave', state));
  aws.stepFunctions.script(machines.rollout, () => [whole.events.slice(0, upTo), whole.events.slice(upTo)]);
}

describe('a rollout through a stack', () => {
  test('A rollout through a stack is followed wave by wave, with the counts of its Map Run, to what it recorded', async () => {
    const output: RecordedRollout = {
      rolloutId: 'r',
      certificate: 'api.example.com',
      fingerprint: `sha256:${'ab'.repeat(32)}`,
      outcome: 'finished_with_failures',
      summary: '1 failed',
      reason: null,
      total: 2,
      waves: 1,
      counts: { rolled_back: 1 },
    };
    playWave((history) => history.succeed('RolloutFinished', output));
    aws.stepFunctions.mapRun = { pending: 1, running: 2, succeeded: 3, failed: 4, timedOut: 1, aborted: 1 };
    const { heard, watch } = aWatch();
    const following = account.rollout(request, {
      ...watch,
      onStart(id) {
        watch.onStart(id);
        void waveFiles.writeJudged(id, judged);
      },
    });

    const end = await following;

    expect(aws.stepFunctions.started).toMatchObject([
      { stateMachineArn: machines.rollout, name: heard.begun, input: request },
    ]);
    expect(heard.counts[0]).toEqual({ waiting: 1, running: 2, succeeded: 3, failed: 6 });
    expect(entered(heard.events)).toEqual([
      ...['ResolveCertificate', 'NextWave', 'DeployWave', 'JudgeWave', 'RolloutFinished'],
    ]);
    expect(end).toMatchObject({ id: heard.begun, status: 'SUCCEEDED', output, waves: [judged] });
  });

  test('A halted rollout of a stack is reported from its registry record, and a redrive resumes it', async () => {
    const state = aRolloutState({ wave: { number: 2 } });
    playWave((history) =>
      history
        .task('HaltRollout', state)
        .enter('Task', 'RolloutHalted')
        .scheduled()
        .failed('RolloutHalted', 'too many')
        .raw('ExecutionFailed', { executionFailedEventDetails: { error: 'RolloutHalted' } }),
    );
    const { watch } = aWatch();
    const end = await account.rollout(request, {
      ...watch,
      onStart(id) {
        void begunIn(id).then(() => halted(id));
        // tried again, a target is counted by what became of it last
        void waveFiles.writeJudged(id, judged);
        void waveFiles.writeJudged(id, { ...judged, number: 2 });
      },
    });
    expect(end).toMatchObject({
      status: 'FAILED',
      output: { outcome: 'halted', summary: 'too many failed', reason: 'TooManyFailures', total: 10 },
    });
    expect(end.output?.counts).toEqual({ rolled_back: 1 });

    const again = aWatch();
    aws.stepFunctions.script(machines.rollout, () => [
      aHistory()
        .raw('ExecutionRedriven')
        .scheduled()
        .succeeded()
        .exit('Task', 'RolloutHalted', state)
        .task('NextWave', state)
        .raw('ExecutionAborted').events,
    ]);
    const resumed = await account.resume(end.id, null, again.watch);

    expect(aws.stepFunctions.redriven).toHaveLength(1);
    expect(entered(again.heard.events)).toContain('NextWave');
    expect(entered(again.heard.events)).not.toContain('ResolveCertificate');
    expect(resumed.status).toBe('ABORTED');
  });

  test('A running rollout of a stack is not resumed, and the error names the command that follows it', async () => {
    aws.stepFunctions.script(machines.rollout, () => [aHistory().start().events]);
    const executionsOf = new SFNClient({});
    await executionsOf.send(
      new StartExecutionCommand({ stateMachineArn: machines.rollout, name: 'r1', input: '{}' }),
    );
    await begunIn('r1');

    await expect(account.resume('r1', null, aWatch().watch)).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringContaining('"certferry rollout --follow r1" shows it'),
    });
    executionsOf.destroy();
  });

  async function halted(id: string): Promise<void> {
    await rollouts.halt(id, 'TooManyFailures');
    await rollouts.end(id, 'halted', 'too many failed');
  }

  test('A rollout of a stack is listed, halted once, and not resumed when it is unknown', async () => {
    await begunIn('r1');

    expect(await account.rollouts('api.example.com')).toMatchObject([{ id: 'r1', status: 'running' }]);
    expect(await account.halt('r1', 'customers see errors')).toBe(true);
    expect(await account.rollouts()).toMatchObject([{ status: 'halted', reason: 'customers see errors' }]);
    expect(await account.halt('r9', 'x')).toBe(false);
    await expect(account.resume('r9', null, aWatch().watch)).rejects.toThrow('there is no rollout r9');
    await expect(account.follow('r9', aWatch().watch)).rejects.toThrow('there is no rollout r9');
  });

  test('A rollout through a stack that asks is answered by the token of its question, once', async () => {
    const question = {
      rolloutId: 'r1',
      wave: 1,
      attempt: 'a',
      secretHash: 'x',
      requestedAt: '2026-01-01T00:00:00.000Z',
    };
    const said = { wave: undefined, verdict: 'approved' as const, by: 'ada' };
    expect(await account.decide('r1', said)).toBe(false);
    await rollouts.requestApproval({ ...question, taskToken: 'token' });

    expect(await account.decide('r1', said)).toBe(true);

    expect(aws.stepFunctions.answered).toEqual([
      { taskToken: 'token', output: { verdict: 'approved', by: 'ada' } },
    ]);
    expect(await account.decide('r1', said)).toBe(false);
    await rollouts.requestApproval({ ...question, wave: 2, taskToken: 'gone' });
    expect(await account.decide('r1', { ...said, wave: 2 })).toBe(false);
  });
});
