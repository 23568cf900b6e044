// What hosts, daemons, endpoints and certificates may send, against the limits of the channels that carry it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resultLine } from '../../../agent-scripts/journal/result-line.ts';
import { boundedObservations, boundedRepair } from '../../../core/bounds/agent-line.ts';
import { channelLimits, textLimits } from '../../../core/bounds/channels.ts';
import { cutText } from '../../../core/bounds/cut-text.ts';
import { type AgentLine, type Observation, readAgentLine } from '../../../core/deployment/agent-line.ts';
import { DeploymentState, PushResult } from '../../../core/deployment/deployment.ts';
import { judgeProbe } from '../../../core/tls-probe/judge-probe.ts';
import { probeResult, pushResult as pushResultOf } from '../../../lambdas/delivery/job-results.ts';
import { FinalState, outcomeOf, RecordingPath } from '../../../lambdas/recording/deployment-outcome.ts';
import { historyItem, requestFactsOf } from '../../../lambdas/recording/history-item.ts';
import { verifyOf } from '../tls-probe/endpoints.ts';

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const characters = ['a', '"', '\\', '\n', '\u0001', 'é', '…', '\u{1f512}', '\ud83d'] as const;
const long = (maxLength: number) =>
  fc
    .tuple(fc.constantFrom(...characters), fc.nat({ max: maxLength }), fc.string({ maxLength: 40 }))
    .map(([character, length, end]) => character.repeat(length) + end);

const fingerprint = fc.constantFrom('0', 'a').map((digit) => `sha256:${digit.repeat(64)}`);
const version = fc.record({
  fingerprint,
  chain: fc.array(fingerprint, { maxLength: 9, size: 'max' }),
  keyAlgorithm: fc.constantFrom('rsa' as const, 'ec' as const),
  notAfter: fc.nat(),
});
const path = long(4_095).map((text) => `/${text}`);
const repair = fc.record({
  files: fc.array(fc.record({ path, backup: fc.option(path) }), { maxLength: 6, size: 'max' }),
  commands: fc.array(long(9_000), { maxLength: 8, size: 'max' }),
});
const observation: fc.Arbitrary<Observation> = fc.record({
  address: fc.ipV6().map((address) => `[${address}]:443`),
  fingerprint: fc.option(fingerprint),
  ok: fc.boolean(),
  problem: fc.option(long(5_000)),
});
const observations = fc.array(observation, { maxLength: 64, size: 'max' });
const ids = { deploymentId: 'd'.repeat(80), targetId: 't'.repeat(64) };

const baseline = fc.record({
  from: fc.constant('host' as const),
  addresses: fc.array(
    fc.record({
      address: fc.ipV6().map((address) => `[${address}]:443`),
      fingerprint: fc.option(fingerprint),
      problem: fc.option(long(120)),
    }),
    { maxLength: 32, size: 'max' },
  ),
});

/** The line of a host whose daemon prints up to so many characters. */
const lineWith = (output: number) =>
  fc
    .record({
      summary: long(output),
      reason: fc.constantFrom(null, 'RestoreFailed'),
      version: fc.option(version),
      previousVersion: fc.option(version),
      warnings: fc.array(long(3_000), { maxLength: 200, size: 'max' }),
      repair: fc.option(repair),
      baseline,
      hostKey: fc.constant({ kid: 'k'.repeat(43), x: 'x'.repeat(43) }),
      recovered: fc.constant({ ...ids, outcome: 'restored' as const }),
    })
    .map((fields) => resultLine(ids, { outcome: 'rollback_failed', ...fields }));

describe('the line of an agent', () => {
  test('The line of an agent fits into the output that SSM keeps, and can be read there, whatever it reports', () => {
    let cut = 0;
    fc.assert(
      fc.property(lineWith(1_000_000), (sent) => {
        const output = Buffer.from(`${JSON.stringify(sent)}\n`).subarray(0, channelLimits.commandOutput);

        expect(bytesOf(sent)).toBeLessThanOrEqual(textLimits.agentLine);
        expect(readAgentLine(output.toString())).toEqual(sent);
        if (sent.summary.includes('bytes left out')) cut += 1;
      }),
      { numRuns: 40 },
    );
    expect(cut).toBeGreaterThan(0);
  });

  test('The line of a probe fits into the output that SSM keeps, and has the same verdict, for 64 addresses', () => {
    fc.assert(
      fc.property(observations, fc.constantFrom('all' as const, 'any' as const), (all, addresses) => {
        const sent = resultLine(ids, { outcome: 'inspected', summary: 'probes', observations: all });

        expect(bytesOf(sent)).toBeLessThanOrEqual(textLimits.agentLine);
        const verify = verifyOf(443, { addresses });
        expect(judgeProbe(sent.observations ?? [], verify).verified).toBe(judgeProbe(all, verify).verified);
      }),
      { numRuns: 40 },
    );
  });

  test('The verdict on more addresses than fit is the verdict on all of them', () => {
    const right = { address: '[::1]:443', fingerprint: `sha256:${'0'.repeat(64)}`, ok: true, problem: null };
    const wrong = { ...right, ok: false, problem: 'connection refused' };

    for (const all of [
      [...Array<Observation>(500).fill(right), wrong],
      [...Array<Observation>(500).fill(wrong), right],
    ]) {
      const kept = boundedObservations(all);
      expect(bytesOf(kept)).toBeLessThan(textLimits.observations + 2_000);
      for (const addresses of ['all', 'any'] as const) {
        const verify = verifyOf(443, { addresses });
        expect(judgeProbe(kept, verify).verified).toBe(judgeProbe(all, verify).verified);
      }
    }
  });

  test('A repair command is kept whole or not at all, and the summary gives the number of those left out', () => {
    const commands = Array.from(
      { length: 9 },
      (_, at) => `cp -p -- /backup/${at}${'x'.repeat(2_000)} /etc/${at}`,
    );
    const given = { files: [{ path: '/etc/0', backup: '/backup/0' }], commands };

    const sent = resultLine(ids, { outcome: 'rollback_failed', summary: 'reload failed', repair: given });

    expect(sent.repair?.commands.length).toBeGreaterThan(0);
    expect(commands.slice(0, sent.repair?.commands.length)).toEqual(sent.repair?.commands);
    expect(sent.summary).toMatch(/^reload failed; \d repair instructions are left out, and the receipt/);
    expect(boundedRepair({ ...given, commands: commands.slice(0, 2) }, 9_000).omitted).toBe(0);
  });
});

/** As Lambda reports an error that `task` has shortened: the stack repeats the message. */
function causeOf(message: string): string {
  const errorMessage = cutText(message, textLimits.errorMessage, 'ends');
  return JSON.stringify({ errorType: 'InvalidRequest', errorMessage, trace: [errorMessage, 'at x.ts:1'] });
}

const state = fc
  .record({
    line: lineWith(20_000),
    undone: lineWith(20_000),
    observations,
    problem: long(30_000),
    cause: long(30_000),
  })
  .map((hostile) => {
    const verify = verifyOf(443, {});
    const probed = (attempt: number) => probeResult(hostile.observations, { verify, attempt });
    const push = (sent: AgentLine) => PushResult.parse(pushResultOf(sent, 'c'.repeat(36)));
    return {
      deployment: null,
      push: push(hostile.line),
      probe: probed(1),
      rollback: push(hostile.undone),
      restored: probed(2),
      failure: { Error: 'E'.repeat(300), Cause: causeOf(hostile.cause) },
    };
  });

/** The target of a deployment comes twice: in the request, and in the state. */
const targetBytes = 2 * 30_000;

describe('a deployment with long texts', () => {
  test('The state of a deployment fits into a payload of Step Functions, whatever host and endpoint report', () => {
    fc.assert(
      fc.property(state, (hostile) => {
        expect(bytesOf(hostile) + targetBytes).toBeLessThan(channelLimits.statePayload);
        expect(DeploymentState.shape.probe.safeParse(hostile.probe).success).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test.each(RecordingPath.options)(
    'The history item, the output and the Fail state fit for the path %s, whatever host and endpoint report',
    (recordingPath) => {
      fc.assert(
        fc.property(state, long(5_000), (hostile, rollout) => {
          const facts = requestFactsOf({ target: { id: 't', certificate: 'c', host: 'h' }, rollout });
          const item = historyItem({
            facts,
            ending: outcomeOf(recordingPath, FinalState.parse(hostile)),
            deploymentId: ids.deploymentId,
            executionArn: 'arn',
            startedAt: '2026-01-01T00:00:00.000Z',
            endedAt: new Date(0),
            fence: 1,
            previousFingerprint: null,
            lock: null,
            phases: { push: null, probe: null, rollback: null },
            recordedBy: 'graph',
          });

          expect(bytesOf(item)).toBeLessThan(channelLimits.tableItem / 4);
          expect(item.summary.length).toBeLessThan(channelLimits.taskCauseCharacters);
          expect(item.reason?.length ?? 0).toBeLessThanOrEqual(channelLimits.taskErrorCharacters);
          expect(Buffer.byteLength(item.rollout ?? '')).toBeLessThan(1_024);
          expect(item.outcome).toBeTruthy();
        }),
        { numRuns: 8 },
      );
    },
  );
});
