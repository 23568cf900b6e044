import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  RedriveExecutionCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import * as z from 'zod/mini';
import type { ExecutionEvent } from '../core/deployment/execution-event.ts';
import { CertferryError } from '../core/errors.ts';
import type { RecordedRollout, RolloutRequest } from '../core/rollout/rollout.ts';
import { tallyOf } from '../core/rollout/tally.ts';
import type { Executions } from '../services/executions.ts';
import type { RolloutControl } from '../services/rollouts/rollout-control.ts';
import type { Rollouts } from '../services/rollouts/rollout-store.ts';
import type { JudgedWave, WaveFiles } from '../services/rollouts/wave-files.ts';
import { follow, lastEventOf } from './executions/follow-execution.ts';
import { recordedIn } from './executions/inspect-execution.ts';
import { executionArn, newExecutionName } from './stack/arns.ts';

/** How the deployments of a wave stand. */
export interface WaveCounts {
  readonly waiting: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Told of a rollout while it goes on. */
export interface Watch {
  readonly begun: (id: string) => void;
  readonly event: (event: ExecutionEvent) => void;
  readonly counts: (counts: WaveCounts) => void;
}

/** A rollout that has ended. `output` is null when its execution broke off without recording how. */
export interface EndedRollout {
  readonly id: string;
  readonly status: string;
  readonly output: RecordedRollout | null;
  readonly waves: readonly JudgedWave[];
  readonly durationMs: number;
}

export interface RolloutServices {
  readonly sfn: SFNClient;
  readonly rolloutArn: string;
  readonly executions: Executions;
  readonly rollouts: Rollouts;
  readonly waveFiles: WaveFiles;
}

/** Starts a rollout and follows it to its end. */
export async function begin(
  by: RolloutServices,
  request: RolloutRequest,
  watch: Watch,
): Promise<EndedRollout> {
  const id = newExecutionName(request.certificate, new Date());
  const arn = await by.executions.start(by.rolloutArn, id, request);
  if (arn === null) throw new CertferryError('InvalidRequest', `an execution ${id} is there already`);
  return watchToEnd(by, { id, watch, after: 0 });
}

/**
 * Lets a rollout go on that was halted, or whose execution broke off, and follows it. What is done stays done. Throws
 * InvalidRequest when there is none.
 */
export async function resume(by: RolloutServices, id: string, watch: Watch): Promise<EndedRollout> {
  await required(by, id);
  const arn = executionArn(by.rolloutArn, id);
  const after = await lastEventOf(by.sfn, arn);
  await redrive(by.sfn, arn, id);
  return watchToEnd(by, { id, watch, after });
}

async function redrive(sfn: SFNClient, executionArn: string, id: string): Promise<void> {
  try {
    await sfn.send(new RedriveExecutionCommand({ executionArn }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExecutionNotRedrivable') throw error;
    throw new CertferryError(
      'InvalidRequest',
      `rollout ${id} cannot be resumed: it is running ("certferry rollout --follow ${id}" watches it), it has ended well, or it ended more than 14 days ago. Step Functions says: ${error.message}`,
    );
  }
}

/** Follows a rollout that is there, from its beginning. Throws InvalidRequest when there is none. */
export async function watchAgain(by: RolloutServices, id: string, watch: Watch): Promise<EndedRollout> {
  await required(by, id);
  return watchToEnd(by, { id, watch, after: 0 });
}

async function required({ rollouts }: RolloutServices, id: string): Promise<void> {
  if ((await rollouts.control(id)) !== null) return;
  throw new CertferryError('InvalidRequest', `there is no rollout ${id}: "certferry rollouts" lists them`);
}

async function watchToEnd(
  by: RolloutServices,
  { id, watch, after }: { id: string; watch: Watch; after: number },
): Promise<EndedRollout> {
  const arn = executionArn(by.rolloutArn, id);
  watch.begun(id);
  let mapRunArn: string | null = null;
  const events = await follow(by.sfn, arn, {
    after,
    onEvent(event) {
      mapRunArn = mapRunAfter(event, mapRunArn);
      watch.event(event);
    },
    onLook: async () => {
      if (mapRunArn !== null) watch.counts(await countsOf(by.sfn, mapRunArn));
    },
  });
  return ended(by, id, events);
}

/** The Map Run that is under way after an event; null outside a wave. */
function mapRunAfter({ type, mapRunArn, state }: ExecutionEvent, before: string | null): string | null {
  if (mapRunArn !== undefined) return mapRunArn;
  return type === 'StateExited' && state?.name === 'DeployWave' ? null : before;
}

async function countsOf(sfn: SFNClient, mapRunArn: string): Promise<WaveCounts> {
  const { itemCounts } = await sfn.send(new DescribeMapRunCommand({ mapRunArn }));
  const { pending = 0, running = 0, succeeded = 0, failed = 0, timedOut = 0, aborted = 0 } = itemCounts ?? {};
  return { waiting: pending, running, succeeded, failed: failed + timedOut + aborted };
}

/** The waves of a rollout that have been judged, in order, by the events of its execution. */
export function judgedWaves(
  { waveFiles }: Pick<RolloutServices, 'waveFiles'>,
  id: string,
  events: readonly ExecutionEvent[],
): Promise<JudgedWave[]> {
  return waveFiles.judged(id, lastWaveIn(events).number);
}

async function ended(
  by: RolloutServices,
  id: string,
  events: readonly ExecutionEvent[],
): Promise<EndedRollout> {
  const wave = lastWaveIn(events);
  const [waves, control, { status = '' }] = await Promise.all([
    judgedWaves(by, id, events),
    by.rollouts.control(id),
    by.sfn.send(new DescribeExecutionCommand({ executionArn: executionArn(by.rolloutArn, id) })),
  ]);
  const recorded = recordedIn(events);
  const output = recorded !== null && 'rolloutId' in recorded ? recorded : null;
  const [first, last] = [events[0], events.at(-1)];
  return {
    id,
    status,
    output: output ?? haltOf(control, wave.total, waves),
    waves,
    durationMs: (last?.timestamp ?? 0) - (first?.timestamp ?? 0),
  };
}

/** The waves of the state that tasks return; no more of it, so that a stack of another version can be followed too. */
const Waves = z.object({ wave: z.object({ number: z.int(), total: z.int() }) });

/** How far the waves had come at last. */
function lastWaveIn(events: readonly ExecutionEvent[]): { number: number; total: number } {
  const waves = events.flatMap(({ type, state }) => {
    const parsed = z.safeParse(Waves, type === 'StateExited' ? state?.output : undefined);
    return parsed.success ? [parsed.data.wave] : [];
  });
  return waves.at(-1) ?? { number: 0, total: 0 };
}

/** A halt is no end: it is kept with the rollout, and its execution fails in the task that a redrive enters again. */
function haltOf(
  control: RolloutControl | null,
  total: number,
  waves: readonly JudgedWave[],
): RecordedRollout | null {
  if (control?.outcome == null) return null;
  return {
    rolloutId: control.id,
    certificate: control.certificate,
    fingerprint: control.fingerprint,
    outcome: control.outcome,
    summary: control.summary ?? '',
    reason: control.reason,
    total,
    waves: waves.length,
    counts: tallyOf(waves).counts,
  };
}

/** A person's answer to a rollout that asks. False when nobody asks (any more). */
export async function answer(
  { rollouts, executions }: Pick<RolloutServices, 'rollouts' | 'executions'>,
  id: string,
  { wave, verdict, by }: { wave: number | undefined; verdict: 'approved' | 'rejected'; by: string },
): Promise<boolean> {
  const question = await rollouts.approvalRequest(id, wave);
  if (question === null) return false;
  if (!(await executions.complete(question.taskToken, { verdict, by }))) return false;
  await rollouts.recordDecision(question, { verdict, by });
  return true;
}
