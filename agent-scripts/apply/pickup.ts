import type { VersionFacts } from '../../core/deployment/version.ts';
import type { VerifyPolicy } from '../../core/target/verify.ts';
import { judge, probe } from '../../core/tls-probe/index.ts';

/** A reload returns before the old workers are gone; most daemons need tens of milliseconds. */
const pollMilliseconds = 40;
const patienceMilliseconds = 2_000;

/**
 * Waits, briefly, until the target's own endpoint presents a version, so that the state machine's first look
 * succeeds. True: seen. False: something else is presented. Null: the endpoint cannot be judged from this host.
 * It decides nothing: that is the probe's business.
 */
export async function waitForPickup(verify: VerifyPolicy, version: VersionFacts): Promise<boolean | null> {
  if (verify === 'none') return null;
  const giveUp = Date.now() + patienceMilliseconds;
  let answered = false;
  do {
    const observations = await probe({ verify: { ...verify, timeoutSeconds: 1, consecutive: 1 }, version });
    if (judge(observations, verify).verified) return true;
    answered ||= observations.some((observation) => observation.fingerprint !== null);
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  } while (Date.now() < giveUp);
  return answered ? false : null;
}
