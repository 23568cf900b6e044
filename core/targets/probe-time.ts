// How long verifying may take, so that no target asks for more than the state machine gives. The numbers are those of
// cdk/state-machines/deploy-target.asl.json; a test reads them there.

/** What decides how long verifying takes at the most. Times are seconds. */
export interface ProbeTimes {
  readonly attempts: number;
  readonly maxBackoffSeconds: number;
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
  readonly probeFrom: 'lambda' | 'host';
}

/** TimeoutSeconds of ProbeEndpoint and ProbeRestored. */
const lookSeconds = 180;

/** TimeoutSeconds of ProbeFromHost: the command's way to the host and back counts. */
const hostLookSeconds = 900;

/**
 * Of the 86,400 s of an execution, what both loops of looking may take together. The rest is for the lock's retries,
 * the push, the rollback and the recording.
 */
const provingSeconds = 72_000;

/** The longest one look can take: the name's resolution, and twice (see `servedFor`) each of the handshakes. */
function longestLookSeconds({ probeFrom, timeoutSeconds, successThreshold }: ProbeTimes): number {
  return probeFrom === 'host' ? hostLookSeconds : timeoutSeconds * (1 + 2 * successThreshold);
}

/** How many handshakes in a row fit into one look; at least 1 for every `timeoutSeconds` up to 60. */
export function maximumSuccessThreshold({ timeoutSeconds }: Pick<ProbeTimes, 'timeoutSeconds'>): number {
  return Math.floor((lookSeconds / timeoutSeconds - 1) / 2);
}

/**
 * How many attempts fit into an execution. From a Lambda the endpoint is looked at in two loops, for the new leaf and
 * after a rollback for the old one; on a host the rollback itself sees the old leaf.
 */
export function mostAttempts(times: ProbeTimes): number {
  const loops = times.probeFrom === 'host' ? 1 : 2;
  return Math.floor(provingSeconds / (loops * (times.maxBackoffSeconds + longestLookSeconds(times))));
}
