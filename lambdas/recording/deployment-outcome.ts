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

/** The recording state with which the state machine ends. */
export const RecordingPath = z.enum([
  'committed',
  'validated',
  'superseded',
  'skipped',
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
  failure: z.catch(DeploymentState.shape.failure, null),
});
export type FinalState = z.infer<typeof FinalState>;

/** The fields of a recorded deployment that depend on the path through the state machine. */
export type OutcomeReport = Pick<
  RecordedDeployment,
  'outcome' | 'summary' | 'reason' | 'repair' | 'warnings'
>;

/** The outcome of a deployment, with a one-line summary that includes the repair commands. */
export function outcomeOf(path: RecordingPath, state: FinalState): OutcomeReport {
  const ending = outcomeWithoutRepair(path, state);
  return ending.repair === null ? ending : { ...ending, summary: withRepair(ending.summary, ending.repair) };
}

/** The same, without the repair commands in the summary. */
export function outcomeWithoutRepair(path: RecordingPath, state: FinalState): OutcomeReport {
  const failure = failureOf(state.failure);
  const warnings = [...(state.push?.warnings ?? []), ...(state.rollback?.warnings ?? [])];
  return { warnings, repair: null, reason: null, ...endings[path](state, failure) };
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

/** One line for each recording state. */
const endings: Readonly<Record<RecordingPath, (state: FinalState, failure: Failure | null) => PathOutcome>> =
  {
    committed,
    validated: ({ push }) => ({
      outcome: push?.outcome === 'validate_unsupported' ? 'validate_unsupported' : 'validated',
      summary: push?.summary ?? 'dry run passed',
    }),
    superseded: (_, failure) => ({
      outcome: 'superseded',
      summary: failure?.message ?? 'a later request for this target is in force',
    }),
    skipped: (_, failure) => ({
      outcome: 'skipped',
      summary: failure?.message ?? 'its rollout starts no further deployments',
      reason: 'RolloutHalted',
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
    rolled_back: ({ push, probe, rollback, restored }, failure) => ({
      outcome: 'rolled_back',
      summary: joined([
        notServed(push, probe, failure),
        rollback?.summary ?? 'previous files restored',
        restored?.attempt ? restored.summary : undefined,
      ]),
      reason: 'ProbeFailed',
    }),
    rolled_back_unverified: ({ push, probe, rollback, restored }, failure) => ({
      outcome: 'rolled_back_unverified',
      summary: joined([
        notServed(push, probe, failure),
        rollback?.summary ?? 'previous files restored',
        notRestoredOnEndpoint(restored, failure),
      ]),
      reason: 'ProbeFailed',
    }),
    rollback_failed: rollbackFailed,
  };

function committed({ deployment, push, probe }: FinalState): PathOutcome {
  const unverified = deployment?.probeFrom === 'none';
  const outcome =
    push?.outcome === 'unchanged' ? 'unchanged' : unverified ? 'deployed_unverified' : 'deployed';
  const verification = unverified ? 'not verified: the target has verify: none' : probe?.summary;
  return { outcome, summary: joined([push?.summary, verification]) || 'the host has the requested version' };
}

/** Results of a push that left the host unchanged. */
const hostRefusals: Partial<Record<PushResult['outcome'], DeploymentOutcome>> = {
  rejected: 'rejected',
  validate_failed: 'validate_failed',
  reload_failed: 'reload_failed',
};

/** After these errors it is unknown whether the host receives the job. All other errors occur before sending. */
const unreachable = new Set(['CommandUndeliverable', 'HostLost']);

/** The result of the host comes first: an error beside it only led to the reconciliation. */
function failed({ push }: FinalState, failure: Failure | null): PathOutcome {
  const outcome = push === null ? undefined : hostRefusals[push.outcome];
  if (push !== null && outcome !== undefined) {
    return { outcome, summary: push.summary, reason: push.reason, repair: push.repair };
  }
  if (failure !== null) {
    const outcome = unreachable.has(failure.name) ? 'lost' : 'rejected';
    return { outcome, summary: failure.message, reason: failure.name };
  }
  const summary =
    push === null
      ? 'the state machine failed without a reason'
      : `unexpected result ${push.outcome}: ${push.summary}`;
  return { outcome: 'lost', summary, reason: push?.reason ?? null };
}

function rollbackFailed(
  { push, probe, rollback, restored }: FinalState,
  failure: Failure | null,
): PathOutcome {
  if (rollback === null && push?.outcome === 'rollback_failed') {
    return { outcome: 'rollback_failed', summary: push.summary, reason: push.reason, repair: push.repair };
  }
  const undone =
    rollback?.summary ??
    failure?.message ??
    'the host did not report whether the previous files are restored';
  const verified = restored?.attempt ? restored.summary : undefined;
  return {
    outcome: 'rollback_failed',
    summary: joined([notServed(push, probe, rollback === null ? null : failure), undone, verified]),
    reason: rollback?.reason ?? (rollback === null ? failure?.name : undefined) ?? 'ProbeFailed',
    repair: rollback?.repair ?? push?.repair ?? null,
  };
}

function notServed(
  push: FinalState['push'],
  probe: FinalState['probe'],
  failure: Failure | null,
): string | undefined {
  if (probe === null || probe.attempt === 0) return failure?.message;
  const withoutEffect = push?.baseline && withoutEffectText(push.baseline, probe.observations, push);
  return joined([probe.summary, withoutEffect ?? undefined]);
}

/** Why it is not verified that the endpoint serves the previous leaf. */
function notRestoredOnEndpoint(restored: FinalState['restored'], failure: Failure | null): string {
  const why = restored?.attempt ? restored.summary : failure?.message;
  return why === undefined
    ? 'the host does not get the previous leaf from the endpoint'
    : `after the restore: ${why}`;
}

const joined = (parts: readonly (string | undefined)[]) => parts.filter((part) => part).join('; ');

const firstKnown = (parts: readonly (string | undefined)[], otherwise: string) =>
  parts.find((part) => part !== undefined && part !== '') ?? otherwise;
