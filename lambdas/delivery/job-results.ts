import { boundedObservations } from '../../core/bounds/agent-line.ts';
import { textLimits } from '../../core/bounds/channels.ts';
import { cutText } from '../../core/bounds/cut-text.ts';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { Baseline } from '../../core/deployment/baseline.ts';
import type { ProbeResult, PushResult } from '../../core/deployment/deployment.ts';
import type { CertferryError } from '../../core/errors.ts';
import { unavailableError } from '../../core/probe-failure.ts';
import type { Verify } from '../../core/targets/verify.ts';
import { nextWaitSeconds } from '../../core/tls-probe/backoff.ts';
import { baselineWarnings } from '../../core/tls-probe/compare-baseline.ts';
import { judgeProbe } from '../../core/tls-probe/judge-probe.ts';
import type { Invocation } from '../../services/ssm/commands.ts';
import { notStartedSummary } from './not-started.ts';
import { shownErrors } from './shown-errors.ts';

const noFacts = {
  version: null,
  previousVersion: null,
  warnings: [],
  validatedIn: null,
  served: null,
  repair: null,
  commandId: null,
} as const satisfies Partial<PushResult>;

/** The result of the agent for the state machine: without the fields that only the registry needs. */
export function pushResult(line: AgentLine, commandId: string): PushResult {
  const { outcome, summary, reason, version, previousVersion, warnings, validatedIn, served, repair } = line;
  const { baseline, inPlace } = line;
  return {
    outcome,
    summary,
    reason,
    version,
    previousVersion,
    warnings,
    validatedIn,
    served,
    repair,
    commandId,
    ...(baseline !== undefined && { baseline }),
    ...(inPlace !== undefined && { inPlace }),
  };
}

/**
 * A result with the baseline of the deployment: `stored` by PushBundle, else that of the host. A dry run has its warnings.
 */
export function judgedByBaseline(result: PushResult, stored: Baseline | null): PushResult {
  const baseline = stored ?? result.baseline;
  if (baseline === undefined) return result;
  const isDryRun = result.outcome === 'validated' || result.outcome === 'validate_unsupported';
  const warnings = isDryRun ? baselineWarnings(baseline, result.previousVersion) : [];
  return { ...result, baseline, warnings: [...result.warnings, ...warnings] };
}

/** The reasons with which a host reports that a deployment changed nothing, because it did not run or was interrupted before. */
const settledReasons: readonly (string | null)[] = ['NotPerformed', 'Interrupted'];

/**
 * The result of an `inspect` job that reconciles a deployment. `rejected` refers to the inspect job itself (e.g. it arrived too
 * late), and the deployment stays unknown, except with the two reasons of a deployment that changed nothing. `restored` shows
 * that the host has reversed the deployment.
 */
export function reconciledResult(line: AgentLine, commandId: string): PushResult {
  const result = pushResult(line, commandId);
  const isRefusal = result.outcome === 'rejected' && !settledReasons.includes(result.reason);
  if (isRefusal) {
    const summary = `the host did not report how the deployment ended: ${result.summary}`;
    return { ...result, outcome: 'lost', summary, reason: 'HostLost' };
  }
  return result.outcome === 'inspected' ? { ...result, outcome: 'lost', reason: 'HostLost' } : result;
}

/** A refusal before any job was sent to the host. */
export function refusedResult({ name, message }: Pick<CertferryError, 'name' | 'message'>): PushResult {
  const summary = cutText(message, textLimits.errorMessage, 'ends');
  return { ...noFacts, warnings: [], outcome: 'rejected', summary, reason: name };
}

/** The command proves that the agent did not start (`isNotStarted`). */
export function notStartedResult(commandId: string, invocation: Omit<Invocation, 'status'>): PushResult {
  const summary = notStartedSummary(invocation);
  return { ...noFacts, warnings: [], outcome: 'rejected', summary, reason: 'AgentNotStarted', commandId };
}

/** The command ended without a result: the agent may not have started, was killed, or was unreachable. */
export function lostResult(commandId: string, status: string, errors: string): PushResult {
  return {
    ...noFacts,
    warnings: [],
    outcome: 'lost',
    summary: noResultSummary(status, errors),
    reason: 'HostLost',
    commandId,
  };
}

function noResultSummary(status: string, errors: string): string {
  const shown = shownErrors(errors);
  return `the command ended with status ${status} and without a result of the agent${shown === '' ? '' : `: ${shown}`}`;
}

/**
 * The result of a probe from the host.
 * @throws CertferryError ProbeUnavailable if the host returned no observation, or could not probe
 */
export function hostProbeResult(
  line: AgentLine | null,
  invocation: Pick<Invocation, 'status' | 'errors'>,
  { verify, attempt }: { verify: Verify; attempt: number },
): ProbeResult {
  const observations = line?.observations ?? [];
  if (observations.length > 0) return probeResult(observations, { verify, attempt });
  throw unavailable(line?.summary ?? noResultSummary(invocation.status, invocation.errors));
}

const unavailable = (message: string) => unavailableError(cutText(message, textLimits.errorMessage, 'ends'));

/**
 * The verdict of a probe and, if another probe follows, the delay. `attempt` counts the previous probes.
 * @throws CertferryError ProbeUnavailable if the probe could not be made: the Retry of the state repeats it, and no attempt counts
 */
export function probeResult(
  observations: ProbeResult['observations'],
  { verify, attempt }: { verify: Verify; attempt: number },
): ProbeResult {
  const { verified, summary, ...judged } = judgeProbe(observations, verify);
  if (judged.unavailable) throw unavailable(summary);
  const attempts = attempt + 1;
  const wait = verified ? null : nextWaitSeconds(verify, attempts);
  const verdict = verified ? 'verified' : wait === null ? 'exhausted' : 'retry';
  return {
    verdict,
    attempt: attempts,
    waitSeconds: wait ?? 0,
    summary: cutText(summary, textLimits.summary, 'ends'),
    observations: boundedObservations(observations),
  };
}
