import { setTimeout as sleep } from 'node:timers/promises';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { endpointParts, type Verify } from '../../core/targets/verify.ts';
import { judge } from '../../core/tls-probe/judge.ts';
import { probe } from '../../core/tls-probe/probe.ts';
import { countListening, type Workers } from '../host/worker-processes.ts';

/** A reload returns before the old workers are gone; most daemons need tens to hundreds of milliseconds. */
const pollMilliseconds = 10;
const patienceMilliseconds = 2_000;

/**
 * Where old workers cannot be told from new ones, one right answer is not enough: either may have given it. nginx lets
 * its old workers accept for 100 ms after the new ones have started (ngx_master_process_cycle).
 */
const steadyMilliseconds = 120;

/**
 * Waits, briefly, until every worker that `before` names has stopped accepting and the target's own endpoint serves a
 * version, so that the state machine's first look succeeds. True: seen. False: something else is served. Null: the
 * endpoint cannot be judged from this host. It decides nothing: that is the probe's business.
 */
export async function waitUntilServed(
  verify: Verify,
  version: VersionFacts,
  before: Workers,
): Promise<boolean | null> {
  const giveUp = Date.now() + patienceMilliseconds;
  await oldWorkersGone(before, endpointParts(verify.endpoint).port, giveUp);
  const steady = before.size > 0 ? 0 : steadyMilliseconds;
  let answered = false;
  let since: number | null = null;
  do {
    const observations = await probe({
      verify: { ...verify, timeoutSeconds: 1, successThreshold: 1 },
      version,
    });
    since = judge(observations, verify).verified ? (since ?? Date.now()) : null;
    if (since !== null && Date.now() - since >= steady) return true;
    answered ||= observations.some((observation) => observation.fingerprint !== null);
    await sleep(pollMilliseconds);
  } while (Date.now() < giveUp);
  return answered ? false : null;
}

async function oldWorkersGone(before: Workers, port: number, giveUp: number): Promise<void> {
  while (before.size > 0 && countListening(before, port) > 0 && Date.now() < giveUp)
    await sleep(pollMilliseconds);
}
