import { shortFingerprint } from '../certificate/describe.ts';
import type { Observation } from '../deployment/agent-line.ts';
import { usualSuccessThreshold } from '../targets/success-threshold.ts';
import type { Verify } from '../targets/verify.ts';

/** The result of a probe, and a one-line summary. */
export interface ProbeJudgement {
  readonly verified: boolean;
  /** The probe could not be made, so it shows nothing about the endpoint. Never true with `verified`. */
  readonly unavailable: boolean;
  readonly summary: string;
}

/**
 * Verified if every probed address is ok, or one of them with `addresses: any`. Never verified without a probed address.
 * Unavailable if the addresses that could not be probed decide: one that was probed and is wrong counts more, except with
 * `addresses: any`.
 */
export function judgeProbe(observations: readonly Observation[], verify: Verify): ProbeJudgement {
  const skipped = observations.filter(isSkipped);
  const probed = observations.filter((observation) => !isSkipped(observation));
  const wrong = probed.filter(({ ok }) => !ok);
  const right = probed.filter(({ ok }) => ok);
  const verified = right.length > 0 && (verify.addresses === 'any' || wrong.length === 0);
  const missed = wrong.filter(({ unavailable }) => unavailable === true);
  const decides = verify.addresses === 'any' ? missed.length > 0 : missed.length === wrong.length;
  const unavailable = !verified && missed.length > 0 && decides;
  const results = verified
    ? [rightText(right, probed.length, verify)]
    : [wrongText(wrong, probed.length, verify)];
  return { verified, unavailable, summary: [...results, ...skipped.map(problemText)].join('; ') };
}

/** Skipped by `probe`, because this machine has no route to the address family. */
function isSkipped({ ok, fingerprint }: Observation): boolean {
  return ok && fingerprint === null;
}

function rightText(right: readonly Observation[], count: number, verify: Verify): string {
  const served = [...new Set(right.map(({ fingerprint }) => shortFingerprint(String(fingerprint))))].join(
    ', ',
  );
  const part = count === 1 ? '' : ` on ${right.length} of ${count} addresses`;
  return `${verify.endpoint} serves ${served}${part}${handshakesText(verify)}`;
}

/** Empty for one handshake and for the default. */
function handshakesText({ successThreshold }: Verify): string {
  const isUsual = successThreshold === 1 || successThreshold === usualSuccessThreshold;
  return isUsual ? '' : `, ${successThreshold} handshakes each`;
}

const maximumProblems = 3;

function wrongText(wrong: readonly Observation[], count: number, verify: Verify): string {
  if (count === 0) return `${verify.endpoint}: no address to probe`;
  const problems = wrong.slice(0, maximumProblems).map(problemText).join('; ');
  if (count === 1) return problems;
  const more = wrong.length > maximumProblems ? '; …' : '';
  return `${wrong.length} of ${count} addresses of ${verify.endpoint} are wrong: ${problems}${more}`;
}

function problemText({ address, problem }: Observation): string {
  return `${address}: ${problem ?? 'wrong certificate'}`;
}
