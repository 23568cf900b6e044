// The bucket is local mode's own stand-in of S3; the manifest and its files are written as Step Functions documents them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeploymentRequest } from '../../../core/deployment/deployment.ts';
import { openObjects } from '../../../local/aws/objects.ts';
import { startS3 } from '../../../local/aws/s3.ts';
import { createWaveFiles, type WaveFiles, type WaveResult } from '../../../services/rollouts/wave-files.ts';
import { clientFor } from '../../fakes/scripted-service.ts';
import { rawRequest } from '../../fixtures/factories.ts';

const folder = mkdtempSync(join(tmpdir(), 'certferry-objects-'));
const bucket = 'certferry-work';
let server: Awaited<ReturnType<typeof startS3>>;
let s3: S3Client;
let files: WaveFiles;
beforeAll(async () => {
  const onFault = (error: unknown) => {
    throw error;
  };
  server = await startS3({ objects: openObjects(folder), onFault });
  s3 = new S3Client(clientFor(server));
  files = createWaveFiles(s3, bucket);
});
afterAll(async () => {
  s3.destroy();
  await server.close();
  rmSync(folder, { recursive: true });
});

const put = (Key: string, content: unknown, Bucket = bucket) =>
  s3.send(
    new PutObjectCommand({
      Bucket,
      Key,
      Body: typeof content === 'string' ? content : JSON.stringify(content),
    }),
  );

describe('the items of a wave', () => {
  test('The items of a wave are read back as they were written', async () => {
    const items = [1, 2, 3].map((at) =>
      DeploymentRequest.parse(
        rawRequest({ target: { id: `web-${at}` }, rollout: 'rollout-1', splaySeconds: at }),
      ),
    );
    const { items: place } = files.locationsOf({ rolloutId: 'rollout-1', wave: 2, plan: '0f3a' });

    await files.writeItems(place, items);

    expect(place).toEqual({ bucket, key: 'rollouts/rollout-1/wave-2/items-0f3a.json' });
    expect(await files.readItems(place)).toEqual(items);
  });

  test('The items of a wave are an error that names the file when they are missing, damaged or of another form', async () => {
    const at = (key: string) => files.readItems({ bucket, key });
    await put('cut.json', '[{"target":');
    await put('other.json', [{ target: 'web' }]);

    await expect(at('gone.json')).rejects.toThrow('s3://certferry-work/gone.json does not exist');
    await expect(at('cut.json')).rejects.toThrow(/s3:\/\/certferry-work\/cut\.json has unexpected content/);
    await expect(at('other.json')).rejects.toThrow(/other\.json has unexpected content: 0\.target/);
  });
});

/** An execution in a result file, as the documentation of ResultWriter shows it. */
function executionOf(targetId: string, ended: Record<string, unknown>) {
  return {
    ExecutionArn: `arn:aws:states:eu-west-1:123456789012:execution:certferry-rollout/DeployWave:${targetId}`,
    Input: JSON.stringify(rawRequest({ target: { id: targetId } })),
    InputDetails: { Included: true },
    Name: targetId,
    OutputDetails: { Included: true },
    RedriveCount: 0,
    RedriveStatus: 'NOT_REDRIVABLE',
    StartDate: '2026-11-22T12:00:00.000Z',
    StateMachineArn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout/DeployWave',
    StopDate: '2026-11-22T12:00:09.000Z',
    ...ended,
  };
}

function recorded(targetId: string, outcome: string) {
  return JSON.stringify({
    deploymentId: targetId,
    targetId,
    outcome,
    summary: `${outcome} on ${targetId}`,
    reason: null,
    fingerprint: null,
    previousFingerprint: null,
    fence: 1,
    warnings: [],
    repair: null,
  });
}

async function aMapResult(prefix: string, ended: Record<string, unknown[][]>) {
  const ResultFiles: Record<string, { Key: string; Size: number }[]> = {
    FAILED: [],
    PENDING: [],
    SUCCEEDED: [],
  };
  for (const [status, contents] of Object.entries(ended)) {
    for (const [at, content] of contents.entries()) {
      const Key = `${prefix}/8e0a/${status}_${at}.json`;
      await put(Key, content);
      ResultFiles[status]?.push({ Key, Size: 1 });
    }
  }
  const MapRunArn = 'arn:aws:states:eu-west-1:123456789012:mapRun:certferry-rollout/DeployWave:8e0a';
  const Key = `${prefix}/8e0a/manifest.json`;
  await put(Key, { DestinationBucket: bucket, MapRunArn, ResultFiles });
  return { MapRunArn, ResultWriterDetails: { Bucket: bucket, Key } };
}

const brief = (results: readonly WaveResult[]) =>
  results
    .map(({ targetId, status, outcome, summary }) => [targetId, status, outcome, summary])
    .toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1));

describe('the results of a wave', () => {
  test("The results of a wave contain each deployment's outcome, wherever Step Functions wrote it", async () => {
    const map = await aMapResult('rollouts/r/wave-1/results', {
      SUCCEEDED: [
        [executionOf('a', { Status: 'SUCCEEDED', Output: recorded('a', 'deployed') })],
        [executionOf('b', { Status: 'SUCCEEDED', Output: recorded('b', 'skipped') })],
      ],
      FAILED: [
        [
          executionOf('c', { Status: 'FAILED', Error: 'rolled_back', Cause: 'the old leaf is served' }),
          executionOf('d', { Status: 'TIMED_OUT' }),
          executionOf('e', { Status: 'FAILED', Error: 'States.Runtime', Cause: 'a path' }),
        ],
      ],
      PENDING: [[executionOf('f', { Status: 'PENDING' })]],
    });

    const results = await files.readResults(map);

    expect(brief(results)).toEqual([
      ['a', 'SUCCEEDED', 'deployed', 'deployed on a'],
      ['b', 'SUCCEEDED', 'skipped', 'skipped on b'],
      ['c', 'FAILED', 'rolled_back', 'the old leaf is served'],
      ['d', 'TIMED_OUT', 'TIMED_OUT', ''],
      ['e', 'FAILED', 'States.Runtime', 'a path'],
      ['f', 'PENDING', 'PENDING', ''],
    ]);
    expect(results[0]?.executionArn).toMatch(/:certferry-rollout\/DeployWave:[a-f]$/);
  });

  test('The results of a wave leave the target open where neither input nor output was kept', async () => {
    const left = { Input: undefined, InputDetails: { Included: false } };
    const map = await aMapResult('rollouts/r/wave-2/results', {
      SUCCEEDED: [[executionOf('a', { ...left, Status: 'SUCCEEDED', Output: recorded('a', 'deployed') })]],
      FAILED: [[executionOf('b', { ...left, Status: 'FAILED', Error: 'lost', Cause: 'silence' })]],
    });

    expect(brief(await files.readResults(map))).toEqual([
      ['', 'FAILED', 'lost', 'silence'],
      ['a', 'SUCCEEDED', 'deployed', 'deployed on a'],
    ]);
  });

  test('The results of a wave are an error when a file that the manifest names is missing', async () => {
    const Key = 'rollouts/r/wave-3/results/8e0a/manifest.json';
    const ResultFiles = { FAILED: [{ Key: 'away.json', Size: 1 }], PENDING: [], SUCCEEDED: [] };
    await put(Key, { DestinationBucket: bucket, MapRunArn: 'arn', ResultFiles });

    await expect(
      files.readResults({ MapRunArn: 'arn', ResultWriterDetails: { Bucket: bucket, Key } }),
    ).rejects.toThrow('s3://certferry-work/away.json does not exist');
  });
});

describe('judged waves', () => {
  const aWave = (number: number, direction: 'forward' | 'rollback' = 'forward') => ({
    number,
    direction,
    results: [
      {
        targetId: 'web',
        executionArn: 'arn',
        status: 'SUCCEEDED' as const,
        outcome: 'deployed',
        summary: 's',
      },
    ],
  });

  test('Judged waves are read in their order, without the waves that have no results', async () => {
    for (const number of [11, 1, 3]) await files.writeJudged('rollout-j', aWave(number));
    await files.writeJudged('rollout-j', aWave(3, 'rollback'));

    const judged = await files.judged('rollout-j', 10);

    expect(judged).toEqual([aWave(1), aWave(3, 'rollback')]);
    expect(await files.judged('rollout-none', 5)).toEqual([]);
    expect(await files.judged('rollout-j', 0)).toEqual([]);
  });
});
