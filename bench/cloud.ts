import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../cli/demo/throwaway-ca.ts';
import { openLocalBackend } from '../local/backend/local-backend.ts';
import { createHistory } from '../services/history/history.ts';
import { createTargetLocks } from '../services/locks/target-locks.ts';
import { aTarget } from '../test/agent-scripts/run-agent.ts';
import { startTables, tableNames } from '../test/fixtures/world.ts';
import { inTurn, pidFileRequired } from './measure.ts';

const lambdas = join(import.meta.dirname, '../dist/lambdas');

/** Transitions of one success, counted in the execution's own events. */
export async function transitions(folder: string): Promise<string[]> {
  mkdirSync(join(folder, 'tls'));
  const authority = await createAuthority({ name: 'Bench', intermediate: true });
  const target = aTarget('files', {
    certPath: join(folder, 'tls/cert.pem'),
    keyPath: join(folder, 'tls/key.pem'),
    reloadCommand: ['true'],
  });
  const ferry = await openLocalBackend({ stateDir: join(folder, 'state') });
  try {
    const counts: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      const version = await authority.issue({ names: ['www.example.test'] });
      const secret = { certificate: version.fullchainPem, privateKey: version.keyPem };
      const { events, output } = await ferry.deploy({
        target,
        action: 'deploy',
        version: { secret, fingerprint: version.fingerprint },
      });
      if (output.outcome !== 'deployed_unverified') throw new Error(output.summary);
      counts.push(events.filter(({ type }) => type === 'StateEntered').length);
    }
    return [
      `first contact (enrolment)   ${counts[0]}`,
      `every deployment after it   ${counts[1]}  without verification; ProbeEndpoint and ProbeOutcome? make it 7`,
    ];
  } finally {
    await ferry.close();
  }
}

/** Lock, then history item and release in one transaction, one after the other and for many targets at once. */
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
  const times = await inTurn(5, {
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
    `one target, one after the other   ${rate(times.alone.median)}  (request number, lock, record and release)`,
    `twenty targets at once            ${rate(times.together.median)}`,
    'against the embedded DynamoDB over HTTP, which takes one request at a time',
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

/** Size of each Lambda's bundle (the AWS SDK is the runtime's) and the time its import takes over a bare Node. */
export async function lambdaSizes(): Promise<string[]> {
  const names = readdirSync(lambdas).sort();
  const lines: string[] = [];
  for (const name of names) {
    const file = join(lambdas, name, 'index.mjs');
    const times = await inTurn(5, {
      bare: () => void pidFileRequired(process.execPath, ['-e', '0']),
      imported: () =>
        void pidFileRequired(process.execPath, [
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
    `largest ${largest.toFixed(0)} KiB  (aim: at most 300 KiB); import includes the AWS SDK's own`,
  ];
}
