import type { VersionFacts } from '../../core/deployment/version.ts';
import type { VerifyPolicy } from '../../core/target/verify.ts';
import { judge } from '../../core/tls-probe/judge.ts';
import { probe } from '../../core/tls-probe/probe.ts';

/** A reload returns before the old workers are gone; most daemons need tens of milliseconds. */
const pollMilliseconds = 15;
const patienceMilliseconds = 2_000;
/**
 * While old and new workers share a socket either may answer, so one right answer is not enough: nginx lets its old
 * workers accept for 100 ms after the new ones have started (ngx_master_process_cycle).
 */
const steadyMilliseconds = 120;

/**
 * Waits, briefly, until the target's own endpoint presents a version and nothing else for a moment, so that the state
 * machine's first look succeeds. True: seen. False: something else is presented. Null: the endpoint cannot be judged
 * from this host. It decides nothing: that is the probe's business.
 */
export async function waitForPickup(verify: VerifyPolicy, version: VersionFacts): Promise<boolean | null> {
  if (verify === 'none') return null;
  const giveUp = Date.now() + patienceMilliseconds;
  let answered = false;
  let since: number | null = null;
  do {
    const observations = await probe({ verify: { ...verify, timeoutSeconds: 1, consecutive: 1 }, version });
    since = judge(observations, verify).verified ? (since ?? Date.now()) : null;
    if (since !== null && Date.now() - since >= steadyMilliseconds) return true;
    answered ||= observations.some((observation) => observation.fingerprint !== null);
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  } while (Date.now() < giveUp);
  return answered ? false : null;
}
