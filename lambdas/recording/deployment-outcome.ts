import * as z from 'zod/mini';
import type { Repair } from '../../core/deployment/agent-line.ts';
import {
  DeploymentState,
  type PushResult,
  type RecordedDeployment,
} from '../../core/deployment/deployment.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import { withoutEffectText } from '../../core/tls-probe/compare-baseline.ts';
import { type Failure, failureOf } from './failure.ts';
import { onDeployedWarnings } from './on-deployed-warnings.ts';
import { probeReason } from './probe-reason.ts';

/** The recording state with which the state machine ends. */
export const RecordingPath = z.enum([
  'committed',
  'unprobed',
  'validated',
  'superseded',
  'skipped',
  'gone',
  'lock_unavailable',
  'failed',
  'lost',
  'rolled_back',
  'rolled_back_unverified',
  'rollback_failed',
]);
export type RecordingPath = z.infer<typeof RecordingPath>;

/**
 * The state data that a recording state receives. Before AcquireLock has returned, it is the input of the execution, so any
 * field may be missing. Each field is validated on its own.
 */
export const FinalState = z.object({
  deployment: z.catch(z.nullable(DeploymentState.shape.deployment), null),
  push: z.catch(DeploymentState.shape.push, null),
  probe: z.catch(z.nullable(DeploymentState.shape.probe), null),
  rollback: z.catch(DeploymentState.shape.rollback, null),
  restored: z.catch(z.nullable(DeploymentState.shape.restored), null),
  onDeployed: z.catch(DeploymentState.shape.onDeployed, null),
  failure: z.catch(DeploymentState.shape.failure, null),
});
export type FinalState = z.infer<typeof FinalState>;

/** The fields of a recorded deployment that depend on the path through the state machine. */
export type OutcomeReport = Pick<
  RecordedDeployment,
  'outcome' | 'summary' | 'reason' | 'repair' | 'warnings'
>;

/** What the lock of the target shows. `mayHaveSent`: a job of this deployment was sent, or was about to be sent. */
export interface SendingEvidence {
  readonly mayHaveSent: boolean;
}

const unknownSending: SendingEvidence = { mayHaveSent: true };

/** The outcome of a deployment, with a one-line summary that includes the repair commands. */
export function outcomeOf(path: RecordingPath, state: FinalState, sending = unknownSending): OutcomeReport {
  const ending = outcomeWithoutRepair(path, state, sending);
  return ending.repair === null ? ending : { ...ending, summary: withRepair(ending.summary, ending.repair) };
}

/** The same, without the repair commands in the summary. */
export function outcomeWithoutRepair(
  path: RecordingPath,
  state: FinalState,
  sending = unknownSending,
): OutcomeReport {
  const failure = failureOf(state.failure);
  const warnings = [
    ...(state.push?.warnings ?? []),
    ...(state.rollback?.warnings ?? []),
    ...onDeployedWarnings(state.onDeployed),
  ];
  return { warnings, repair: null, reason: null, ...endings[path](state, failure, sending) };
}

/** Operators read the summary first, in the console, a message or a terminal: it contains the repair commands. */
function withRepair(summary: string, { files, commands }: Repair): string {
  const kept = files
    .filter(({ backup }) => backup !== null)
    .map(({ path, backup }) => `the previous ${path} is kept as ${backup}`);
  const typed = commands.length === 0 ? undefined : `on the host, run: ${commands.join(' && ')}`;
  return joined([summary, typed, ...kept]);
}

type PathOutcome = Pick<OutcomeReport, 'outcome' | 'summary'> & Partial<OutcomeReport>;
type Ending = (state: FinalState, failure: Failure | null, sending: SendingEvidence) => PathOutcome;

/** One line for each recording state. */
const endings: Readonly<Record<RecordingPath, Ending>> = {
  committed,
  unprobed: (state, failure) => ({
    outcome: 'deployed_unprobed',
    summary: joined([state.push?.summary, unprobedText(state, failure)]),
    reason: 'ProbeUnavailable',
  }),
  validated: ({ push }) => ({
    outcome: push?.outcome === 'validate_unsupported' ? 'validate_unsupported' : 'validated',
    summary: push?.summary ?? 'dry run passed',
  }),
  superseded: (_, failure) => ({
    outcome: 'superseded',
    summary: failure?.message ?? 'a later request for this target is in force',
    reason: 'Superseded',
  }),
  skipped: (_, failure) => ({
    outcome: 'skipped',
    summary: failure?.message ?? 'its rollout starts no further deployments',
    reason: 'RolloutHalted',
  }),
  gone: (state, failure) => ({
    outcome: 'gone',
    summary: joined([failure?.message ?? 'the host is gone', beforeGone(state)]),
    reason: failure?.name ?? 'HostTerminated',
  }),
  lock_unavailable: (_, failure) => ({
    outcome: 'lock_unavailable',
    summary: failure?.message ?? 'another deployment held the target for too long',
    reason: 'LockHeld',
  }),
  failed,
  lost: ({ push }, failure) => ({
    outcome: 'lost',
    summary: firstKnown([push?.summary, failure?.message], 'the host did not report how the job ended'),
    reason: push?.outcome === 'lost' ? (push.reason ?? 'HostLost') : (failure?.name ?? 'HostLost'),
  }),
  rolled_back: (state, failure) => ({
    outcome: 'rolled_back',
    summary: joined([whyRolledBack(state, failure), restoredText(state), verifiedText(state)]),
    reason: rollbackReason(state, failure),
  }),
  rolled_back_unverified: (state, failure) => ({
    outcome: 'rolled_back_unverified',
    summary: joined([whyRolledBack(state, failure), restoredText(state), unverifiedText(state, failure)]),
    reason: rollbackReason(state, failure),
  }),
  rollback_failed: rollbackFailed,
};

/** What the deployment had reached when the host was found to be gone. */
function beforeGone({ push, probe }: FinalState): string | undefined {
  const reached = probe !== null && probe.attempt > 0 ? probe.summary : push?.summary;
  return reached === undefined ? undefined : `before: ${reached}`;
}

function committed(state: FinalState, failure: Failure | null): PathOutcome {
  const { push, probe } = state;
  const unverified = unverifiedReason(state, failure);
  const outcome =
    push?.outcome === 'unchanged' ? 'unchanged' : unverified === null ? 'deployed' : 'deployed_unverified';
  const verification = unverified === null ? probe?.summary : `not verified: ${unverified}`;
  const summary = joined([push?.summary, verification]) || 'the host has the requested version';
  return { outcome, summary, reason: isAccepted(state, failure) ? 'ProbeUnavailable' : null };
}

/** The probe could not be made, and the target accepts that. A caught error stays in the state, so the verdict decides. */
const isAccepted = ({ deployment, probe }: FinalState, failure: Failure | null): boolean =>
  failure !== null && deployment?.probeFrom !== 'none' && probe?.verdict !== 'verified';

/** Why a committed deployment is not verified; null if it is. */
function unverifiedReason(state: FinalState, failure: Failure | null): string | null {
  if (state.deployment?.probeFrom === 'none') return 'the target has verify: none';
  if (!isAccepted(state, failure)) return null;
  return `${unprobedText(state, failure)}, and the target accepts that (onProbeUnavailable)`;
}

/** Why the probe could not be made, and what is known of the endpoint. */
function unprobedText({ push, probe }: FinalState, failure: Failure | null): string {
  const text = `the probe could not be made${failure === null ? '' : ` (${failure.message})`}`;
  const last = probe?.attempt ? `; the last probe that was made: ${probe.summary}` : '';
  return `${text}${last}${push?.served === true ? '; the agent got the new leaf from the endpoint' : ''}`;
}

/** Results of a push that left the host unchanged, with the reason if the host reports none. */
const hostRefusals: Partial<
  Record<PushResult['outcome'], { readonly outcome: DeploymentOutcome; readonly reason: string }>
> = {
  rejected: { outcome: 'rejected', reason: 'StagingFailed' },
  validate_failed: { outcome: 'validate_failed', reason: 'ValidationFailed' },
  reload_failed: { outcome: 'reload_failed', reason: 'ReloadFailed' },
};

/** After a SendCommand without a response, it is unknown whether the host receives the job, although a later one was refused. */
const undeliverable = 'CommandUndeliverable';

/** The result of the host comes first: an error beside it only led to the reconciliation. */
function failed({ push }: FinalState, failure: Failure | null, sending: SendingEvidence): PathOutcome {
  const refusal = push === null ? undefined : hostRefusals[push.outcome];
  if (push !== null && refusal !== undefined) return refusedByHost(push, refusal, failure);
  if (failure !== null) {
    const isUnknown = failure.name === undeliverable && sending.mayHaveSent;
    if (!isUnknown) return { outcome: 'rejected', summary: failure.message, reason: failure.name };
    const summary = `an earlier attempt may have sent the job, and the last attempt was refused: ${failure.message}`;
    return { outcome: 'lost', summary, reason: failure.name };
  }
  const summary =
    push === null
      ? 'the state machine failed without a reason'
      : `unexpected result ${push.outcome}: ${push.summary}`;
  return { outcome: 'lost', summary, reason: push?.reason ?? 'HostLost' };
}

/** If the host has not performed the deployment, the error that led to the question is the cause. */
function refusedByHost(
  { summary, reason, repair }: PushResult,
  refusal: { readonly outcome: DeploymentOutcome; readonly reason: string },
  failure: Failure | null,
): PathOutcome {
  if (reason === 'NotPerformed' && failure !== null) {
    return { outcome: refusal.outcome, summary: joined([failure.message, summary]), reason: failure.name };
  }
  return { outcome: refusal.outcome, summary, reason: reason ?? refusal.reason, repair };
}

/** The host had reversed the deployment before it got an undo job. */
const isReversedByHost = ({ push }: FinalState) => push?.outcome === 'restored';

/** Why the deployment was rolled back. */
function whyRolledBack(state: FinalState, failure: Failure | null): string | undefined {
  if (isReversedByHost(state)) return state.push?.summary;
  return notServedText(state) ?? failure?.message;
}

/** The last probe before the rollback, and whether the endpoint still served what it served before the deployment. */
function notServedText({ push, probe }: FinalState): string | undefined {
  if (probe === null || probe.attempt === 0) return undefined;
  const withoutEffect = push?.baseline && withoutEffectText(push.baseline, probe.observations, push);
  return joined([probe.summary, withoutEffect ?? undefined]);
}

function restoredText(state: FinalState): string | undefined {
  return isReversedByHost(state) ? undefined : (state.rollback?.summary ?? 'previous version restored');
}

const verifiedText = ({ restored }: FinalState) =>
  restored?.attempt ? `after the rollback: ${restored.summary}` : undefined;

/** `failure` belongs to ProbeRestored only if the function was to probe and has not returned a result. */
function unverifiedText(state: FinalState, failure: Failure | null): string {
  const known = verifiedText(state);
  if (known !== undefined) return known;
  return state.deployment?.probeFrom === 'lambda' && failure !== null
    ? `after the rollback: the probe failed (${failure.message})`
    : 'after the rollback: the host does not get the previous leaf from the endpoint';
}

function rollbackReason(state: FinalState, failure: Failure | null): string {
  if (isReversedByHost(state)) return state.push?.reason ?? 'Interrupted';
  return probeReason(state.probe, state.push?.version ?? null) ?? failure?.name ?? 'ProbeFailed';
}

function rollbackFailed(state: FinalState, failure: Failure | null): PathOutcome {
  const { push, rollback } = state;
  const outcome = 'rollback_failed';
  if (rollback === null && push?.outcome === 'rollback_failed') {
    return { outcome, summary: push.summary, reason: push.reason ?? 'RestoreFailed', repair: push.repair };
  }
  if (rollback === null) {
    const unconfirmed = joined(['the host did not confirm the rollback', failure?.message]);
    const why = notServedText(state);
    return {
      outcome,
      summary: joined([why, unconfirmed]),
      reason: failure?.name ?? 'HostLost',
      repair: push?.repair ?? null,
    };
  }
  return {
    outcome,
    summary: joined([whyRolledBack(state, failure), rollback.summary]),
    reason: rollback.reason ?? 'RestoreFailed',
    repair: rollback.repair ?? push?.repair ?? null,
  };
}

const joined = (parts: readonly (string | undefined)[]) => parts.filter((part) => part).join('; ');

const firstKnown = (parts: readonly (string | undefined)[], otherwise: string) =>
  parts.find((part) => part !== undefined && part !== '') ?? otherwise;
