import { setTimeout as sleep } from 'node:timers/promises';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { endpointParts, type Verify } from '../../core/targets/verify.ts';
import { judgeProbe } from '../../core/tls-probe/judge-probe.ts';
import { probe } from '../../core/tls-probe/probe.ts';
import { countListening, type Workers } from './worker-processes.ts';

/** A reload command returns before the old workers exit, which takes most daemons up to some hundred milliseconds. */
const pollMilliseconds = 10;
const maximumWaitMilliseconds = 2_000;

/**
 * If old and new workers cannot be distinguished, one successful probe is not enough: an old worker may respond to the
 * next one. nginx lets old workers accept for 100 ms after the new ones have started (ngx_master_process_cycle).
 */
const steadyMilliseconds = 120;

/**
 * Waits until all old workers have stopped accepting and the target's endpoint serves a version, so that the first probe
 * of the state machine succeeds. False: the endpoint serves something else. Null: this host cannot probe the endpoint.
 * The result is informative only; the verification decides.
 */
export async function waitUntilServed(
  verify: Verify,
  version: VersionFacts,
  oldWorkers: Workers,
): Promise<boolean | null> {
  const deadline = Date.now() + maximumWaitMilliseconds;
  await waitForExit(oldWorkers, endpointParts(verify.endpoint).port, deadline);
  const requiredMilliseconds = oldWorkers.size > 0 ? 0 : steadyMilliseconds;
  let hasResponded = false;
  let servedSince: number | null = null;
  do {
    const poll = { ...verify, timeoutSeconds: 1, successThreshold: 1 };
    const observations = await probe({ verify: poll, version });
    servedSince = judgeProbe(observations, poll).verified ? (servedSince ?? Date.now()) : null;
    const isSteady = servedSince !== null && Date.now() - servedSince >= requiredMilliseconds;
    if (isSteady && (await servesInEverySample(verify, version))) return true;
    hasResponded ||= observations.some((observation) => observation.fingerprint !== null);
    await sleep(isSteady ? steadyMilliseconds : pollMilliseconds);
  } while (Date.now() < deadline);
  return hasResponded ? false : null;
}

/** One handshake for each poll is enough while the daemon reloads. Only the last result needs all samples of `verify`. */
async function servesInEverySample(verify: Verify, version: VersionFacts): Promise<boolean> {
  if (verify.successThreshold === 1) return true;
  const sampled = { ...verify, timeoutSeconds: 1 };
  return judgeProbe(await probe({ verify: sampled, version }), sampled).verified;
}

async function waitForExit(workers: Workers, port: number, deadline: number): Promise<void> {
  while (workers.size > 0 && countListening(workers, port) > 0 && Date.now() < deadline)
    await sleep(pollMilliseconds);
}
