import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../cli/demo/throwaway-ca.ts';
import { openLocalBackend } from '../local/backend/local-backend.ts';
import { createHistory } from '../services/history/history.ts';
import { createTargetLocks } from '../services/locks/target-locks.ts';
import { aTarget } from '../test/agent-scripts/run-agent.ts';
import { startTables, tableNames } from '../test/fixtures/world.ts';
import { measureInTurn, runProgram } from './measure.ts';

const lambdas = join(import.meta.dirname, '../dist/lambdas');

/** The state transitions of a successful deployment, counted in the events of the execution. */
export async function transitions(folder: string): Promise<string[]> {
  mkdirSync(join(folder, 'tls'));
  const authority = await createAuthority({ name: 'Bench', intermediate: true });
  const target = aTarget('files', {
    certPath: join(folder, 'tls/cert.pem'),
    keyPath: join(folder, 'tls/key.pem'),
    reloadCommand: ['true'],
  });
  const backend = await openLocalBackend({ stateDir: join(folder, 'state') });
  try {
    const counts: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      const version = await authority.issue({ names: ['www.example.test'] });
      const secret = { certificate: version.fullchainPem, privateKey: version.keyPem };
      const { events, output } = await backend.deploy({
        target,
        action: 'deploy',
        version: { secret, fingerprint: version.fingerprint },
      });
      if (output.outcome !== 'deployed_unverified') throw new Error(output.summary);
      counts.push(events.filter(({ type }) => type === 'StateEntered').length);
    }
    return [
      `first deployment (enrolment)${counts[0]}`,
      `every later deployment      ${counts[1]}  without verification; ProbeEndpoint and ProbeOutcome? make it 7`,
    ];
  } finally {
    await backend.close();
  }
}

/** The rate of lock, history item and release, for one target in sequence and for 20 targets in parallel. */
export async function lockRate(): Promise<string[]> {
  const { documents, close } = await startTables();
  const locks = createTargetLocks(documents, tableNames.locks);
  const history = createHistory(documents, tableNames);
  const startedAt = new Date().toISOString();
  const cycle = async (targetId: string, round: number): Promise<void> => {
    const executionArn = `arn:aws:states:local:000000000000:execution:bench:${targetId}-${round}`;
    const now = new Date();
    const requestNumber = await locks.registerRequest({
      targetId,
      requestId: executionArn,
      supersedes: true,
      now,
    });
    const answer = await locks.acquire({
      targetId,
      executionArn,
      requestNumber,
      supersedes: true,
      startedAt,
      now,
    });
    if (answer.type !== 'acquired') throw new Error(`the lock of ${targetId} was ${answer.type}`);
    const item = historyItem(targetId, executionArn, round, answer.fence);
    const recording = await history.record(item, {
      release: { targetId, executionArn, fence: answer.fence },
      host: null,
      installed: null,
      failedRollout: null,
    });
    if (recording !== 'recorded') throw new Error(`the history item was ${recording}`);
  };
  const times = await measureInTurn(5, {
    alone: async (round) => {
      for (let lap = 0; lap < 20; lap += 1) await cycle('one', round * 100 + lap);
    },
    together: async (round) => {
      await Promise.all(Array.from({ length: 20 }, (_, target) => cycle(`t-${target}`, round)));
    },
  });
  await close();
  const rate = (milliseconds: number): string => `${((20 * 1_000) / milliseconds).toFixed(0)} a second`;
  return [
    `one target, in sequence           ${rate(times.alone.median)}  (request number, lock, record and release)`,
    `twenty targets in parallel        ${rate(times.together.median)}`,
    'measured with the embedded DynamoDB over HTTP, which handles one request at a time',
  ];
}

function historyItem(targetId: string, executionArn: string, round: number, fence: number) {
  const at = new Date().toISOString();
  return {
    ...{
      targetId,
      executionArn,
      deploymentId: `bench-${targetId}-${round}`,
      action: 'deploy',
      requestNumber: 1,
    },
    ...{
      outcome: 'deployed',
      summary: '',
      reason: null,
      fingerprint: null,
      previousFingerprint: null,
      fence,
    },
    ...{ warnings: [], repair: null, startedAt: at, endedAt: at, recordedBy: 'graph' },
    durations: { lockWaitMs: null, totalMs: 0 },
  } as const satisfies Parameters<ReturnType<typeof createHistory>['record']>[0];
}

/** The size of each function bundle (without the AWS SDK) and its import time compared with an empty Node process. */
export async function lambdaSizes(): Promise<string[]> {
  const names = readdirSync(lambdas).sort();
  const lines: string[] = [];
  for (const name of names) {
    const file = join(lambdas, name, 'index.mjs');
    const times = await measureInTurn(5, {
      bare: () => void runProgram(process.execPath, ['-e', '0']),
      imported: () =>
        void runProgram(process.execPath, [
          '--input-type=module',
          '-e',
          `await import(${JSON.stringify(file)})`,
        ]),
    });
    const kibibytes = (statSync(file).size / 1_024).toFixed(0).padStart(4);
    const milliseconds = (times.imported.median - times.bare.median).toFixed(0).padStart(4);
    lines.push(`${name.padEnd(20)} ${kibibytes} KiB   import ${milliseconds} ms`);
  }
  const largest = Math.max(...names.map((name) => statSync(join(lambdas, name, 'index.mjs')).size)) / 1_024;
  return [
    ...lines,
    `largest ${largest.toFixed(0)} KiB  (target: at most 320 KiB); the import time includes the AWS SDK`,
  ];
}
