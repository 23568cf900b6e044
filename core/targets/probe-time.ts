// The limits of the time that verification takes, so that no target needs more than the state machine allows. The numbers
// are those of cdk/state-machines/deploy-target.asl.json; a test compares them.

/** The fields of `verify` that determine how long verification takes. Times are seconds. */
export interface ProbeTimes {
  readonly attempts: number;
  readonly maxBackoffSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly probeFrom: 'lambda' | 'host';
}

/** TimeoutSeconds of ProbeEndpoint and ProbeRestored. */
const lambdaProbeSeconds = 180;

/** TimeoutSeconds of ProbeFromHost, which includes sending the command and reading its result. */
const hostProbeSeconds = 900;

/**
 * The part of an execution's 86,400 s that both probe loops may take together. The rest is for retries of the lock, the
 * push, the rollback and the recording.
 */
const verificationSeconds = 72_000;

/** One probe resolves the name once, and makes each handshake up to twice (see `servedFor`). */
function maximumProbeSeconds({ probeFrom, timeoutSeconds, successThreshold }: ProbeTimes): number {
  return probeFrom === 'host' ? hostProbeSeconds : timeoutSeconds * (1 + 2 * successThreshold);
}

/** The number of consecutive handshakes that fit into one probe; at least 1 for every `timeoutSeconds` up to 60. */
export function maximumSuccessThreshold({ timeoutSeconds }: Pick<ProbeTimes, 'timeoutSeconds'>): number {
  return Math.floor((lambdaProbeSeconds / timeoutSeconds - 1) / 2);
}

/**
 * The number of attempts that fit into an execution. A Lambda probes in two loops: for the new leaf, and after a rollback
 * for the previous one. With `probeFrom: host` there is one loop, because the rollback on the host probes the leaf itself.
 */
export function maximumAttempts(times: ProbeTimes): number {
  const loops = times.probeFrom === 'host' ? 1 : 2;
  return Math.floor(verificationSeconds / (loops * (times.maxBackoffSeconds + maximumProbeSeconds(times))));
}
