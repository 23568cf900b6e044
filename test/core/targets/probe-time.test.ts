import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../../core/targets/parse.ts';
import { maximumSamplingSeconds } from '../../../core/targets/probe-time.ts';
import { Verify } from '../../../core/targets/verify.ts';
import { nextWaitSeconds } from '../../../core/tls-probe/backoff.ts';
import { aTargetInput } from './targets.ts';

interface State {
  readonly TimeoutSeconds?: number;
}

const machine: State & { readonly States: Readonly<Record<string, State>> } = JSON.parse(
  readFileSync('cdk/state-machines/deploy-target.asl.json', 'utf8'),
);

function secondsOf(...states: string[]): number {
  return states.reduce((sum, name) => sum + (machine.States[name]?.TimeoutSeconds ?? Number.NaN), 0);
}

const verifies = fc.record(
  {
    endpoint: fc.constantFrom('10.0.0.7:443', 'mail.example.com:25'),
    protocol: fc.constantFrom('tls', 'smtp'),
    attempts: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(50)),
    initialBackoffSeconds: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(300)),
    maxBackoffSeconds: fc.oneof(fc.integer({ min: 1, max: 900 }), fc.constant(900)),
    timeoutSeconds: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(60)),
    successThreshold: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(50)),
    probeFrom: fc.constantFrom('lambda', 'host'),
  },
  { requiredKeys: ['endpoint'] },
);

/**
 * The longest look from a Lambda: the name's resolution, the first handshake made twice, and the others four at a time. A probe
 * aborts what is open 5 s before the timeout of the state.
 */
const probeSeconds = ({ timeoutSeconds, successThreshold }: Verify) =>
  Math.min(timeoutSeconds * (1 + 2 + Math.ceil((successThreshold - 1) / 4)), secondsOf('ProbeEndpoint') - 5);

function waitSeconds(verify: Verify): number {
  let sum = 0;
  for (let made = 1; made < verify.attempts; made += 1) sum += nextWaitSeconds(verify, made) ?? 0;
  return sum;
}

/** Every look of both loops as long as it can be, and every wait. */
function provingSeconds(verify: Verify): number {
  const look = verify.probeFrom === 'host' ? secondsOf('ProbeFromHost') : probeSeconds(verify);
  return (verify.probeFrom === 'host' ? 1 : 2) * (verify.attempts * look + waitSeconds(verify));
}

const problem = (verify: object) => {
  try {
    parseTarget(aTargetInput({}, { verify: { endpoint: '10.0.0.7:443', ...verify } }));
    return null;
  } catch (error) {
    return String(error);
  }
};

describe('the time that verifying may take', () => {
  test('The time for verification fits into the states and the execution for every valid target', () => {
    const others = secondsOf('PushBundle', 'PushBundle', 'ReconcileCommand', 'RollBack', 'RecordRolledBack');
    expect(others).toBeGreaterThan(0);
    fc.assert(
      fc.property(verifies, (input) => {
        const parsed = Verify.safeParse(input);
        fc.pre(parsed.success);

        expect(maximumSamplingSeconds(parsed.data)).toBe(probeSeconds(parsed.data));
        expect(maximumSamplingSeconds(parsed.data)).toBeLessThan(secondsOf('ProbeRestored'));
        expect(provingSeconds(parsed.data) + others).toBeLessThan(machine.TimeoutSeconds ?? 0);
      }),
      { numRuns: 500 },
    );
  });

  test('The time that verifying may take allows the longest timeout for one handshake, and every number of attempts with short waits', () => {
    expect(problem({ timeoutSeconds: 60 })).toBeNull();
    expect(problem({ attempts: 50 })).toBeNull();
    expect(problem({ attempts: 50, maxBackoffSeconds: 600, timeoutSeconds: 20 })).toBeNull();
    expect(problem({ attempts: 40, maxBackoffSeconds: 900, probeFrom: 'host' })).toBeNull();
    expect(problem({ successThreshold: 50, timeoutSeconds: 60 })).toBeNull();
  });

  test('The time that verifying may take refuses more attempts than fit into an execution', () => {
    expect(problem({ attempts: 50, maxBackoffSeconds: 900 })).toContain(
      'verify.attempts: expected at most 37 with a maxBackoffSeconds of 900 and a timeoutSeconds of 10, because a deployment must end within a day, got 50',
    );
    expect(problem({ attempts: 41, maxBackoffSeconds: 900, probeFrom: 'host' })).toContain(
      'verify.attempts: expected at most 40',
    );
  });

  test('The time that verifying may take does not speak of time where a field is wrong by itself', () => {
    expect(problem({ maxBackoffSeconds: 1_000_000 })).not.toContain('attempts');
  });
});
