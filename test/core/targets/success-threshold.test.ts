import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTarget } from '../../../core/targets/parse.ts';
import { handshakesToFind, usualSuccessThreshold } from '../../../core/targets/success-threshold.ts';
import { Verify } from '../../../core/targets/verify.ts';
import { aTargetInput } from './targets.ts';

/** The probability that `count` independent handshakes all miss a listener with this share of connections. */
const missed = (share: number, count: number) => (1 - share) ** count;

const thresholdOf = (verify: object) =>
  Verify.parse({ endpoint: '10.0.0.7:443', ...verify }).successThreshold;

describe('the number of handshakes', () => {
  test('The default number of handshakes finds a listener with a third of the connections with 99 % probability', () => {
    expect(usualSuccessThreshold).toBe(12);
    expect(missed(1 / 3, 12)).toBeLessThanOrEqual(0.01);
    expect(missed(1 / 3, 11)).toBeGreaterThan(0.01);
  });

  test('The number of handshakes is the smallest that finds the share with the given probability', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.double({ min: 0.5, max: 0.9999, noNaN: true }),
        (share, certainty) => {
          const count = handshakesToFind(share, certainty);
          const tolerance = 1e-12; // of floating-point numbers
          expect(missed(share, count)).toBeLessThanOrEqual(1 - certainty + tolerance);
          expect(missed(share, count - 1)).toBeGreaterThan(1 - certainty - tolerance);
        },
      ),
    );
  });

  test('The number of handshakes is 12 by default, also with the longest timeout', () => {
    expect(thresholdOf({})).toBe(12);
    expect(thresholdOf({ timeoutSeconds: 60 })).toBe(12);
    expect(thresholdOf({ successThreshold: 1 })).toBe(1);
  });

  test('The number of handshakes is 1 for a server that counts them as connection errors, unless configured', () => {
    const ofPreset = (verify: object) =>
      parseTarget(
        aTargetInput(
          {},
          { kind: 'files', config: { preset: 'mariadb' }, verify: { endpoint: 'db:3306', ...verify } },
        ),
      ).verify;

    expect(thresholdOf({ protocol: 'mysql' })).toBe(1);
    expect(ofPreset({})).toMatchObject({ protocol: 'mysql', successThreshold: 1 });
    expect(ofPreset({ successThreshold: 8 })).toMatchObject({ successThreshold: 8 });
    expect(ofPreset({ protocol: 'tls' })).toMatchObject({ successThreshold: 12 });
  });
});
