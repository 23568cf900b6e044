import * as z from 'zod/mini';
import type { Repair } from '../../core/deployment/agent-line.ts';
import {
  DeploymentState,
  type PushResult,
  type RecordedDeployment,
} from '../../core/deployment/deployment.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import { type Failure, failureOf } from './failure.ts';

/** By which recording state the graph ends. */
export const RecordingPath = z.enum([
  'committed',
  'validated',
  'superseded',
  'skipped',
  'lock_unavailable',
  'failed',
  'lost',
  'rolled_back',
  'rollback_failed',
]);
export type RecordingPath = z.infer<typeof RecordingPath>;

/**
 * The state as a recording state finds it. Before AcquireLock has answered it is the execution's own input, so
 * everything may be missing; what is there is checked field by field.
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

/** The part of a recorded deployment that follows from how the graph went. */
export type OutcomeReport = Pick<
  RecordedDeployment,
  'outcome' | 'summary' | 'reason' | 'repair' | 'warnings'
>;

/** How the deployment ended, in the closed set of outcomes, with one line that says why and what to type. Pure. */
export function outcomeOf(path: RecordingPath, state: FinalState): OutcomeReport {
  const ending = outcomeWithoutRepair(path, state);
  return ending.repair === null ? ending : { ...ending, summary: withRepair(ending.summary, ending.repair) };
}

/** The same with a line that only says why. Pure. */
export function outcomeWithoutRepair(path: RecordingPath, state: FinalState): OutcomeReport {
  const failure = failureOf(state.failure);
  const warnings = [...(state.push?.warnings ?? []), ...(state.rollback?.warnings ?? [])];
  return { warnings, repair: null, reason: null, ...endings[path](state, failure) };
}

/** Whoever is woken reads the summary first, in the console, a message or a terminal: what to type is in it. */
function withRepair(summary: string, { files, commands }: Repair): string {
  const kept = files
    .filter(({ backup }) => backup !== null)
    .map(({ path, backup }) => `${path} is kept as ${backup}`);
  const typed = commands.length === 0 ? undefined : `on the host, run: ${commands.join(' && ')}`;
  return joined([summary, typed, ...kept]);
}

type Ended = Pick<OutcomeReport, 'outcome' | 'summary'> & Partial<OutcomeReport>;

/** One line a recording state. */
const endings: Readonly<Record<RecordingPath, (state: FinalState, failure: Failure | null) => Ended>> = {
  committed,
  validated: ({ push }) => ({
    outcome: push?.outcome === 'validate_unsupported' ? 'validate_unsupported' : 'validated',
    summary: push?.summary ?? 'dry run passed',
  }),
  superseded: (_, failure) => ({
    outcome: 'superseded',
    summary: failure?.message ?? 'a later request for this target exists',
  }),
  skipped: (_, failure) => ({
    outcome: 'skipped',
    summary: failure?.message ?? 'its rollout lets no further deployment begin',
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
    summary: lastWord([push?.summary, failure?.message], 'the host did not say how the job ended'),
    reason: push?.outcome === 'lost' ? (push.reason ?? 'HostLost') : (failure?.name ?? 'HostLost'),
  }),
  rolled_back: ({ probe, rollback, restored }, failure) => ({
    outcome: 'rolled_back',
    summary: joined([
      notServed(probe, failure),
      rollback?.summary ?? 'the old files are back',
      restored?.attempt ? restored.summary : undefined,
    ]),
    reason: 'ProbeFailed',
  }),
  rollback_failed: rollbackFailed,
};

function committed({ deployment, push, probe }: FinalState): Ended {
  const unverified = deployment?.probeFrom === 'none';
  const outcome =
    push?.outcome === 'unchanged' ? 'unchanged' : unverified ? 'deployed_unverified' : 'deployed';
  const seen = unverified ? 'nobody looked: the target says verify: none' : probe?.summary;
  return { outcome, summary: joined([push?.summary, seen]) || 'the host has the requested version' };
}

/** What the host said of a push that left it as it was. */
const hostRefusals: Partial<Record<PushResult['outcome'], DeploymentOutcome>> = {
  rejected: 'rejected',
  validate_failed: 'validate_failed',
  reload_failed: 'reload_failed',
};

/** Errors after which nobody knows whether the host will ever see the job. The others were found before sending. */
const unreachable = new Set(['CommandUndeliverable', 'HostLost']);

/** The host's own word comes first: a failure beside it is what made the graph ask again. */
function failed({ push }: FinalState, failure: Failure | null): Ended {
  const said = push === null ? undefined : hostRefusals[push.outcome];
  if (push !== null && said !== undefined) {
    return { outcome: said, summary: push.summary, reason: push.reason, repair: push.repair };
  }
  if (failure !== null) {
    const outcome = unreachable.has(failure.name) ? 'lost' : 'rejected';
    return { outcome, summary: failure.message, reason: failure.name };
  }
  const summary =
    push === null
      ? 'the graph failed without a reason'
      : `unexpected answer ${push.outcome}: ${push.summary}`;
  return { outcome: 'lost', summary, reason: push?.reason ?? null };
}

function rollbackFailed({ push, probe, rollback, restored }: FinalState, failure: Failure | null): Ended {
  if (rollback === null && push?.outcome === 'rollback_failed') {
    return { outcome: 'rollback_failed', summary: push.summary, reason: push.reason, repair: push.repair };
  }
  const tried =
    rollback?.summary ?? failure?.message ?? 'the host did not say whether the old files are back';
  const seen = restored?.attempt ? restored.summary : undefined;
  return {
    outcome: 'rollback_failed',
    summary: joined([notServed(probe, rollback === null ? null : failure), tried, seen]),
    reason: rollback?.reason ?? (rollback === null ? failure?.name : undefined) ?? 'ProbeFailed',
    repair: rollback?.repair ?? push?.repair ?? null,
  };
}

function notServed(probe: FinalState['probe'], failure: Failure | null): string | undefined {
  return probe !== null && probe.attempt > 0 ? probe.summary : failure?.message;
}

const joined = (parts: readonly (string | undefined)[]) => parts.filter((part) => part).join('; ');

const lastWord = (parts: readonly (string | undefined)[], otherwise: string) =>
  parts.find((part) => part !== undefined && part !== '') ?? otherwise;
