import * as z from 'zod/mini';
import { ExecutionContext } from '../../../core/deployment/task-input.ts';
import { CertferryError } from '../../../core/errors.ts';
import { RecordedRollout, RolloutState } from '../../../core/rollout/rollout.ts';
import type { Executions } from '../../../services/executions.ts';
import type { RolloutMetrics } from '../../../services/notify/rollout-metrics.ts';
import type { Messages } from '../../../services/notify/sns-messages.ts';
import type { Catalogue } from '../../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../../services/registry/installed-versions.ts';
import type { RolloutControl } from '../../../services/rollouts/rollout-control.ts';
import type { Rollouts } from '../../../services/rollouts/rollout-store.ts';
import type { WaveFiles } from '../../../services/rollouts/wave-files.ts';
import { collectWaves } from '../../rollout/collect-waves.ts';
import { startFollowUp } from '../../rollout/follow-current.ts';
import { haltReason } from '../../rollout/halt-reason.ts';
import { isResumed, resumedState } from '../../rollout/resume-state.ts';
import { haltedMessage, outcomeMessage, rollingBackMessage } from '../../rollout/rollout-messages.ts';
import {
  becomesCurrent,
  type RecordingInput,
  RecordingPath,
  recordOfRollout,
  recordWithoutStart,
} from '../../rollout/rollout-record.ts';
import { isRollbackPending, rollbackState } from '../../rollout/start-rollback.ts';
import { setting } from '../../runtime/environment.ts';
import { task } from '../../runtime/task.ts';
import {
  catalogue,
  executions,
  installedVersions,
  messages,
  rolloutMetrics,
  rollouts,
  waveFiles,
} from '../../runtime/wiring.ts';

const common = { execution: ExecutionContext, request: z.unknown() };
const Input = z.discriminatedUnion('path', [
  z.object({ ...common, path: z.literal('halted'), redriveCount: z.int(), state: RolloutState }),
  z.object({ ...common, path: RecordingPath, state: z.unknown() }),
]);
type Input = z.infer<typeof Input>;

const Result = z.union([RolloutState, RecordedRollout]);
type Result = z.infer<typeof Result>;

interface Services {
  readonly catalogue: Pick<Catalogue, 'currentVersion' | 'setCurrentVersion'>;
  readonly executions: Pick<Executions, 'start'>;
  readonly rolloutArn: string;
  readonly files: Pick<WaveFiles, 'locationsOf' | 'readItems' | 'judged'>;
  readonly installed: InstalledVersions;
  readonly messages: Messages;
  readonly metrics: RolloutMetrics;
  readonly rollouts: Pick<
    Rollouts,
    'close' | 'control' | 'end' | 'existing' | 'halt' | 'resume' | 'startRollback'
  >;
}

/**
 * The recording states of a rollout, and RolloutHalted. A second call records the same, but may send the message again.
 *
 * RolloutHalted throws the error RolloutHalted, so that the execution fails in a task. A redrive enters the task again; then
 * it returns the state with which the rollout continues.
 */
export const createHandler =
  (by: Services) =>
  async (input: Input): Promise<Result> =>
    input.path === 'halted' ? haltOrResume(input, by) : record(input, by);

type HaltedInput = Extract<Input, { path: 'halted' }>;

async function haltOrResume({ state, redriveCount }: HaltedInput, by: Services): Promise<RolloutState> {
  const { rollout, wave } = state;
  const { id } = rollout;
  const control = await by.rollouts.control(id);
  if (isResumed(state, redriveCount, control)) {
    await by.rollouts.resume(id, redriveCount);
    if (isRollbackPending(state, control)) return startRollback(state, redriveCount, control, by);
    if (wave.direction === 'rollback') await by.rollouts.startRollback(id, redriveCount);
    return resumedState(state, redriveCount);
  }
  // requested after HaltRollout decided. Records no halt: a repeated call would treat the rollback as halted
  if (isRollbackPending(state, control) && control?.outcome !== 'halted') {
    return startRollback(state, redriveCount, control, by);
  }
  const { reason, summary } = state.halt ?? haltReason(state, control?.reason ?? null);
  const why = `${reason}: ${summary}`;
  await by.rollouts.halt(id, why, redriveCount);
  await by.rollouts.end(id, 'halted', why, redriveCount);
  const after = await by.rollouts.control(id);
  if (isRollbackPending(state, after) && after?.outcome !== 'halted') {
    return startRollback(state, redriveCount, after, by);
  }
  by.metrics.ended('halted');
  const { commandLine } = by.messages;
  const facts = { direction: wave.direction, reason, summary };
  await by.messages.send(haltedMessage(rollout, facts, commandLine));
  throw new CertferryError(
    'RolloutHalted',
    `${why}. After you have fixed the cause, resume the rollout: ${commandLine(`rollout --resume ${id}`, 'version')}`,
    { details: { rollout: id, reason } },
  );
}

/** On a redrive, or when an operator has requested the rollback after HaltRollout had decided. */
async function startRollback(
  state: RolloutState,
  redriveCount: number,
  control: RolloutControl | null,
  by: Services,
): Promise<RolloutState> {
  const { reason, summary } = state.halt ?? haltReason(state, control?.reason ?? null);
  await by.rollouts.startRollback(state.rollout.id, redriveCount);
  const { commandLine } = by.messages;
  await by.messages.send(rollingBackMessage(state.rollout, `${reason}: ${summary}`, commandLine));
  return rollbackState(state, { reason, summary, redriveCount });
}

async function record(input: Exclude<Input, HaltedInput>, by: Services): Promise<RecordedRollout> {
  const parsed = RolloutState.safeParse(input.state);
  const recorded = parsed.success
    ? await recordRollout(input.path, parsed.data, by)
    : await recordUnstarted(input, by);
  await by.rollouts.end(recorded.rolloutId, recorded.outcome, recorded.summary);
  by.metrics.ended(recorded.outcome);
  const message = outcomeMessage(recorded, input.execution.id, by.messages.commandLine);
  if (message !== null) await by.messages.send(message);
  return recorded;
}

async function recordUnstarted(input: RecordingInput, by: Services): Promise<RecordedRollout> {
  const { name, startedAt } = input.execution;
  await by.rollouts.close(name, startedAt);
  const existing = input.path === 'already_rolled_out' ? await by.rollouts.existing(name) : null;
  return recordWithoutStart(input, existing?.fingerprint ?? null);
}

async function recordRollout(
  path: RecordingPath,
  state: RolloutState,
  by: Services,
): Promise<RecordedRollout> {
  const waves = await collectWaves(state, by);
  const { certificate, version, sequence } = state.rollout;
  if (path === 'finished' && becomesCurrent(state, waves)) {
    await by.catalogue.setCurrentVersion(certificate, version, sequence);
  }
  if (path === 'finished') await startFollowUp(state, waves, by);
  return recordOfRollout(path, state, waves);
}

export const handler = task('EndRollout', {
  input: Input,
  result: Result,
  build: () =>
    createHandler({
      catalogue: catalogue(),
      executions: executions(),
      rolloutArn: setting('ROLLOUT_ARN'),
      files: waveFiles(),
      installed: installedVersions(),
      messages: messages(),
      metrics: rolloutMetrics(),
      rollouts: rollouts(),
    }),
});
