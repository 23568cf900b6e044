// The limits of the time that verification takes, so that no target needs more than the state machine allows.
import { timeBudgets } from '../time-budgets.ts';

/** The fields of `verify` that determine how long verification takes. Times are seconds. */
export interface ProbeTimes {
  readonly attempts: number;
  readonly maxBackoffSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly probeFrom: 'lambda' | 'host';
}

/**
 * Handshakes that a probe makes with one address at the same time. Courier, for example, accepts four connections from one
 * client address (MAXPERIP).
 */
export const parallelHandshakes = 4;

/** A probe ends this many seconds before the state's timeout, so that it reports its result. */
const reportSeconds = 5;

/**
 * The maximum of seconds that a probe takes; after that, the probe aborts open handshakes. The name is resolved, the first
 * handshake may be made twice (see `servedFor`), and the others follow, some in parallel. The limit of the state counts even
 * if every handshake takes its `timeoutSeconds`.
 */
export function maximumSamplingSeconds({
  timeoutSeconds,
  successThreshold,
}: Pick<ProbeTimes, 'timeoutSeconds' | 'successThreshold'>): number {
  const rounds = 3 + Math.ceil((successThreshold - 1) / parallelHandshakes);
  return Math.min(timeoutSeconds * rounds, timeBudgets.probeState - reportSeconds);
}

function maximumProbeSeconds(times: ProbeTimes): number {
  return times.probeFrom === 'host' ? timeBudgets.awaitedCommand : maximumSamplingSeconds(times);
}

/**
 * The number of attempts that fit into an execution. A Lambda probes in two loops: for the new leaf, and after a rollback
 * for the previous one. With `probeFrom: host` there is one loop, because the rollback on the host probes the leaf itself.
 */
export function maximumAttempts(times: ProbeTimes): number {
  const loops = times.probeFrom === 'host' ? 1 : 2;
  return Math.floor(
    timeBudgets.verification / (loops * (times.maxBackoffSeconds + maximumProbeSeconds(times))),
  );
}
