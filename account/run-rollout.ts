import { DescribeExecutionCommand, RedriveExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { ExecutionEvent } from '../core/deployment/execution-event.ts';
import { CertferryError } from '../core/errors.ts';
import { newExecutionName } from '../core/execution-name.ts';
import type { RolloutRequest } from '../core/rollout/rollout.ts';
import type { RolloutObserver, RolloutResult } from '../services/backend/backend.ts';
import { recordedRollout } from '../services/backend/recorded-outcome.ts';
import type { Executions } from '../services/executions.ts';
import { recordFromControl } from '../services/rollouts/halt-record.ts';
import type { Rollouts } from '../services/rollouts/rollout-store.ts';
import type { JudgedWave, WaveFiles } from '../services/rollouts/wave-files.ts';
import { followExecution, lastEventId } from './executions/follow-execution.ts';
import { countsOf, lastWaveIn, mapRunAfter } from './executions/wave-progress.ts';
import { executionArn } from './stack/arns.ts';

export interface RolloutServices {
  readonly sfn: SFNClient;
  readonly rolloutArn: string;
  readonly executions: Executions;
  readonly rollouts: Rollouts;
  readonly waveFiles: WaveFiles;
}

/** Starts a rollout and follows it to its end. The rollout continues if this process ends. */
export async function startRollout(
  services: RolloutServices,
  request: RolloutRequest,
  observer: RolloutObserver,
): Promise<RolloutResult> {
  const id = newExecutionName(request.certificate, new Date());
  const arn = await services.executions.start(services.rolloutArn, id, request);
  if (arn === null)
    throw new CertferryError('InvalidRequest', `the execution ${id} exists already. Try again.`);
  return followToEnd(services, { id, observer, after: 0 });
}

/** Redrives a rollout that was halted, or whose execution failed, and follows it. Throws InvalidRequest. */
export async function resumeRollout(
  services: RolloutServices,
  id: string,
  observer: RolloutObserver,
): Promise<RolloutResult> {
  await requireRollout(services, id);
  const arn = executionArn(services.rolloutArn, id);
  const after = await lastEventId(services.sfn, arn);
  await redrive(services.sfn, arn, id);
  return followToEnd(services, { id, observer, after });
}

async function redrive(sfn: SFNClient, executionArn: string, id: string): Promise<void> {
  try {
    await sfn.send(new RedriveExecutionCommand({ executionArn }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExecutionNotRedrivable') throw error;
    throw new CertferryError(
      'InvalidRequest',
      `rollout ${id} cannot be resumed: it is running ("certferry rollout --follow ${id}" shows it), it has succeeded, or it ended more than 14 days ago. Step Functions: ${error.message}`,
    );
  }
}

/** Follows a rollout from its first event to its end. Throws InvalidRequest if there is no such rollout. */
export async function followRollout(
  services: RolloutServices,
  id: string,
  observer: RolloutObserver,
): Promise<RolloutResult> {
  await requireRollout(services, id);
  return followToEnd(services, { id, observer, after: 0 });
}

async function requireRollout({ rollouts }: RolloutServices, id: string): Promise<void> {
  if ((await rollouts.control(id)) !== null) return;
  throw new CertferryError(
    'InvalidRequest',
    `there is no rollout ${id}. "certferry rollouts" lists the rollouts.`,
  );
}

async function followToEnd(
  services: RolloutServices,
  { id, observer, after }: { id: string; observer: RolloutObserver; after: number },
): Promise<RolloutResult> {
  const { sfn, rolloutArn } = services;
  observer.onStart?.(id);
  let mapRunArn: string | null = null;
  const events = await followExecution(sfn, executionArn(rolloutArn, id), {
    after,
    onEvent(event) {
      mapRunArn = mapRunAfter(event, mapRunArn);
      observer.onEvent?.(event);
    },
    onPoll: async () => {
      if (mapRunArn !== null) observer.onCounts?.(await countsOf(sfn, mapRunArn));
    },
  });
  return resultOf(services, id, events);
}

/** The judged waves of a rollout, in order. The events of its execution contain their number. */
export function judgedWaves(
  { waveFiles }: Pick<RolloutServices, 'waveFiles'>,
  id: string,
  events: readonly ExecutionEvent[],
): Promise<JudgedWave[]> {
  return waveFiles.judged(id, lastWaveIn(events).number);
}

async function resultOf(
  services: RolloutServices,
  id: string,
  events: readonly ExecutionEvent[],
): Promise<RolloutResult> {
  const { total } = lastWaveIn(events);
  const arn = executionArn(services.rolloutArn, id);
  const [waves, control, { status = '' }] = await Promise.all([
    judgedWaves(services, id, events),
    services.rollouts.control(id),
    services.sfn.send(new DescribeExecutionCommand({ executionArn: arn })),
  ]);
  const [first, last] = [events[0], events.at(-1)];
  return {
    id,
    executionArn: arn,
    status,
    output: recordedRollout(events) ?? recordFromControl(control, { total, waves }),
    waves,
    durationMs: (last?.timestamp ?? 0) - (first?.timestamp ?? 0),
  };
}
