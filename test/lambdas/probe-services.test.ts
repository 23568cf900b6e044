import type { X509Certificate } from 'node:crypto';
import { X509Certificate as Parsed } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../core/certificate/facts.ts';
import { Verify } from '../../core/targets/verify.ts';
import { type ProbeOptions, probe } from '../../core/tls-probe/probe.ts';
import { servedProblem } from '../../core/tls-probe/served-problem.ts';
import {
  probeSeconds,
  createHandler as probeServices,
} from '../../lambdas/handlers/rollout/probe-services.ts';
import { useEndpoints } from '../core/tls-probe/use-endpoints.ts';
import { type FakeRolloutServices, fakeRolloutServices } from '../fakes/rollout-services.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { facts, fingerprint } from '../fixtures/factories.ts';
import { aBegunState, execution } from '../fixtures/rollout-state.ts';

const old = new Parsed((await aVersion({ names: ['lb.example.com'] })).certPem);

let by: FakeRolloutServices;
let questions: ProbeOptions[];
beforeEach(() => {
  by = fakeRolloutServices();
  questions = [];
});

const serviceEndpoints = [
  Verify.parse({ endpoint: 'lb.example.com:443', attempts: 2, initialBackoffSeconds: 7 }),
];

/** What a look sees: the new version where it says so, else `leaf`, judged as the probe judges it. */
function seeing(leaf: X509Certificate | 'new') {
  return async (question: ProbeOptions) => {
    questions.push(question);
    const problem =
      leaf === 'new'
        ? null
        : servedProblem(
            { leaf, chain: [], tlsVersion: 'TLSv1.3', cipher: 'x' },
            { ...question, alsoAccepts: question.alsoAccepts, serverName: null, requireChain: false },
          );
    const seen = leaf === 'new' ? fingerprint('new') : fingerprintOf(leaf);
    return [{ address: '192.0.2.1:443', fingerprint: seen, ok: problem === null, problem }];
  };
}

function look(leaf: X509Certificate | 'new', parts: Parameters<typeof aBegunState>[1] = {}) {
  const wave = { reached: 0, count: 1, total: 5, previousVersions: [fingerprintOf(old)], ...parts.wave };
  const state = aBegunState(by, { ...parts, rollout: { serviceEndpoints, ...parts.rollout }, wave });
  return probeServices({ ...by, timeout: never, probe: seeing(leaf) })({ execution, state });
}

const never = () => new AbortController().signal;

const last = { reached: 4, count: 1 };

describe('ProbeServices', () => {
  test.each([
    ['throws ProbeUnavailable if no service could be probed', [true], null],
    ['judges the service that was probed and is stale', [true, false], 'back_off'],
  ] as const)('ProbeServices %s', async (_, unavailable, verdict) => {
    const services = unavailable.map((_, at) =>
      Verify.parse({ endpoint: `lb-${at}.example.com:443`, attempts: 2 }),
    );
    const state = aBegunState(by, { rollout: { serviceEndpoints: services } });
    const address = { address: '192.0.2.1:443', fingerprint: null, ok: false, problem: 'no answer' };
    const asked = probeServices({
      ...by,
      timeout: never,
      probe: async ({ verify }) =>
        unavailable[services.indexOf(verify)] === true ? [{ ...address, unavailable: true }] : [address],
    })({ execution, state });

    if (verdict === null) await expect(asked).rejects.toMatchObject({ name: 'ProbeUnavailable' });
    else expect((await asked).judgement.verdict).toBe(verdict);
  });

  test('ProbeServices continues as the strategy requires when the new version is served', async () => {
    const { judgement } = await look('new', { strategy: { pauseSeconds: 60 } });

    expect(judgement).toMatchObject({ verdict: 'pause', attempt: 1, waitSeconds: 0, reason: null });
    expect(questions[0]).toMatchObject({ verify: serviceEndpoints[0], version: facts('new') });
  });

  test('ProbeServices takes what the others are known to have while not all are reached', async () => {
    expect((await look(old)).judgement.verdict).toBe('next');
  });

  test('ProbeServices accepts any unexpired leaf while other versions are unknown, and for a partial rollout', async () => {
    expect((await look(old, { wave: { previousVersions: null } })).judgement.verdict).toBe('next');
    const part = { wave: { ...last, previousVersions: null }, rollout: { only: { targets: ['web'] } } };
    expect((await look(old, part)).judgement.verdict).toBe('next');
  });

  test('ProbeServices backs off for any other leaf, with the schedule of the endpoint', async () => {
    expect((await look(old, { wave: { previousVersions: [] } })).judgement).toMatchObject({
      verdict: 'back_off',
      attempt: 1,
      waitSeconds: 7,
    });
  });

  test('ProbeServices backs off for one that has expired', async () => {
    by.clock.set('2100-01-01T00:00:00Z');

    expect((await look(old)).judgement.verdict).toBe('back_off');
  });

  test('ProbeServices wants the new version alone after the last wave', async () => {
    const { judgement } = await look(old, { wave: last });

    expect(judgement.verdict).toBe('back_off');
    expect(questions[0]?.alsoAccepts).toBeUndefined();
  });

  test('ProbeServices halts when no attempt is left', async () => {
    const { judgement } = await look(old, { wave: last, judgement: { attempt: 1 } });

    expect(judgement).toMatchObject({ verdict: 'halt', reason: 'ServiceStale', attempt: 2 });
    expect(by.sentMessages).toEqual([]);
  });

  test('ProbeServices only notifies operators, and continues, if the strategy requires it', async () => {
    const strategy = { onStaleService: 'report' as const };

    const { judgement } = await look(old, { strategy, wave: last, judgement: { attempt: 1 } });

    expect(judgement).toMatchObject({ verdict: 'next', reason: null });
    expect(by.sentMessages).toHaveLength(1);
    expect(by.sentMessages[0]?.text).toContain('192.0.2.1:443');
  });
});

describe('ProbeServices, when services do not answer in time', () => {
  const size = 5;
  const { serveRaw } = useEndpoints();

  /** The real probe at endpoints that take every connection and say nothing; the time is up once all are connected. */
  async function lookInTime(parts: Parameters<typeof aBegunState>[1]) {
    const time = new AbortController();
    let connected = 0;
    const attend = (socket: Socket) => {
      socket.resume();
      connected += 1;
      if (connected === size) time.abort();
    };
    const endpoints = await Promise.all(Array.from({ length: size }, () => serveRaw(attend)));
    const silent = endpoints.map(({ port }) =>
      Verify.parse({ endpoint: `127.0.0.1:${port}`, attempts: 2, timeoutSeconds: 60 }),
    );
    const wave = { reached: 0, count: 1, total: 5 };
    const state = aBegunState(by, { ...parts, rollout: { serviceEndpoints: silent }, wave });
    const answer = await probeServices({ ...by, timeout: () => time.signal, probe })({ execution, state });
    await Promise.all(endpoints.map((endpoint) => endpoint.quiet()));
    return answer.judgement;
  }

  test('ProbeServices without an answer in time backs off as for one that is stale', async () => {
    expect(await lookInTime({})).toMatchObject({ verdict: 'back_off', attempt: 1, waitSeconds: 1 });
  });

  test('ProbeServices reports a service that does not answer in time, and continues if the strategy allows it', async () => {
    const strategy = { onStaleService: 'report' as const };

    const judgement = await lookInTime({ strategy, judgement: { attempt: 1 } });

    expect(judgement).toMatchObject({ verdict: 'next', reason: null });
    expect(by.sentMessages[0]?.text).toContain('the probe was stopped: its time ran out');
  });

  test('ProbeServices without an answer in time halts where it does not', async () => {
    expect(await lookInTime({ judgement: { attempt: 1 } })).toMatchObject({
      verdict: 'halt',
      reason: 'ServiceStale',
    });
    expect(by.sentMessages).toEqual([]);
  });
});

test('The time of one look is within the state’s, and lets every endpoint have all of its own', () => {
  const timeoutOf = (machine: string, state: string): number =>
    JSON.parse(readFileSync(`cdk/state-machines/${machine}.asl.json`, 'utf8')).States[state].TimeoutSeconds;
  const messageSeconds = 20;

  // no endpoint's own times may add up to more than a deployment's look has
  expect(probeSeconds).toBeGreaterThan(timeoutOf('deploy-target', 'ProbeEndpoint'));
  expect(probeSeconds + messageSeconds).toBeLessThan(timeoutOf('rollout', 'ProbeServices'));
});
