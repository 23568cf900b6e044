import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../core/deployment/agent-line.ts';
import { judgeProbe } from '../../../core/tls-probe/judge-probe.ts';
import { verifyOf } from './endpoints.ts';

const fingerprint = `sha256:${'ab12'.repeat(16)}`;

function observation(address: string, known: Partial<Observation> = {}): Observation {
  return { address, fingerprint, ok: true, problem: null, ...known };
}

function failed(address: string, problem = 'connection refused'): Observation {
  return observation(address, { ok: false, fingerprint: null, problem });
}

describe('a judgement', () => {
  test('A judgement states in one line what is served', () => {
    expect(judgeProbe([observation('127.0.0.1:443')], verifyOf(443))).toEqual({
      verified: true,
      unavailable: false,
      summary: '127.0.0.1:443 serves sha256:ab12ab12ab12…',
    });
  });

  test('A judgement of nothing is never verified', () => {
    const leftOut = observation('[::1]:443', { fingerprint: null, problem: 'not probed: no route' });

    for (const addresses of ['all', 'any'] as const) {
      expect(judgeProbe([], verifyOf(443, { addresses })).verified).toBe(false);
      expect(judgeProbe([leftOut], verifyOf(443, { addresses })).verified).toBe(false);
    }
  });

  test('A judgement names three problems and counts the others', () => {
    const observations = [1, 2, 3, 4, 5].map((at) => failed(`10.0.0.${at}:443`));

    expect(judgeProbe(observations, verifyOf(443)).summary).toBe(
      '5 of 5 addresses of 127.0.0.1:443 are wrong: 10.0.0.1:443: connection refused; 10.0.0.2:443: connection refused; 10.0.0.3:443: connection refused; …',
    );
  });

  test('A judgement with any is verified by one, with all by every one', () => {
    const observations = [failed('10.0.0.1:443'), observation('10.0.0.2:443')];

    expect(judgeProbe(observations, verifyOf(443, { addresses: 'any' })).verified).toBe(true);
    expect(judgeProbe(observations, verifyOf(443, { addresses: 'all' })).verified).toBe(false);
    expect(judgeProbe([failed('10.0.0.1:443')], verifyOf(443, { addresses: 'any' })).verified).toBe(false);
  });

  test('A judgement keeps an observation without an explanation', () => {
    const silent = observation('10.0.0.1:443', { ok: false, problem: null });

    expect(judgeProbe([silent], verifyOf(443))).toEqual({
      verified: false,
      unavailable: false,
      summary: '10.0.0.1:443: wrong certificate',
    });
  });

  const right = observation('10.0.0.1:443');
  const wrong = observation('10.0.0.2:443', { ok: false, problem: 'connection refused' });
  const unmade = observation('10.0.0.3:443', {
    ...{ ok: false, fingerprint: null, problem: 'the name server does not answer' },
    unavailable: true,
  });

  test.each([
    ['all', 'no address could be probed', [unmade], true],
    ['all', 'the others are right', [right, unmade], true],
    ['all', 'another one is wrong', [wrong, unmade], false],
    ['any', 'another one is wrong, because this one may be right', [wrong, unmade], true],
    ['any', 'another one is right', [right, unmade], false],
  ] as const)(
    'With addresses: %s, a judgement is unavailable for an address without a probe exactly if that decides: %s',
    (addresses, _, observations, unavailable) => {
      const verify = { ...verifyOf(443), addresses };

      expect(judgeProbe(observations, verify)).toMatchObject({ unavailable });
    },
  );
});
