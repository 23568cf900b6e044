import { shortFingerprint } from '../certificate/describe.ts';
import type { Observation } from '../deployment/agent-line.ts';
import type { Verify } from '../targets/verify.ts';

/** What a probe's observations come to, and one line that says it. */
export interface Judgement {
  readonly verified: boolean;
  readonly summary: string;
}

/** Verified when every address that could be looked at is right, or one with `addresses: any`; never when none was. */
export function judgeProbe(observations: readonly Observation[], verify: Verify): Judgement {
  const leftOut = observations.filter(isLeftOut);
  const inspections = observations.filter((observation) => !isLeftOut(observation));
  const wrong = inspections.filter(({ ok }) => !ok);
  const right = inspections.filter(({ ok }) => ok);
  const verified = right.length > 0 && (verify.addresses === 'any' || wrong.length === 0);
  const said = verified
    ? [rightText(right, inspections.length, verify)]
    : [wrongText(wrong, inspections.length, verify)];
  return { verified, summary: [...said, ...leftOut.map(problemText)].join('; ') };
}

/** See `probe`: no route to the address's family from here. */
function isLeftOut({ ok, fingerprint }: Observation): boolean {
  return ok && fingerprint === null;
}

function rightText(right: readonly Observation[], looked: number, verify: Verify): string {
  const served = [...new Set(right.map(({ fingerprint }) => shortFingerprint(String(fingerprint))))].join(
    ', ',
  );
  const where = looked === 1 ? '' : ` on ${right.length} of ${looked} addresses`;
  const often = verify.successThreshold === 1 ? '' : `, ${verify.successThreshold} handshakes each`;
  return `${verify.endpoint} serves ${served}${where}${often}`;
}

const maximumProblems = 3;

function wrongText(wrong: readonly Observation[], looked: number, verify: Verify): string {
  if (looked === 0) return `${verify.endpoint}: no address to look at`;
  const problems = wrong.slice(0, maximumProblems).map(problemText).join('; ');
  if (looked === 1) return problems;
  const more = wrong.length > maximumProblems ? '; …' : '';
  return `${wrong.length} of ${looked} addresses of ${verify.endpoint} are not right: ${problems}${more}`;
}

function problemText({ address, problem }: Observation): string {
  return `${address}: ${problem ?? 'not right'}`;
}
