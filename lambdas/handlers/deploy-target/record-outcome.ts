import * as z from 'zod/mini';
import { type Clock, systemClock } from '../../../core/clock.ts';
import type { RecordedDeployment } from '../../../core/deployment/deployment.ts';
import { RecordedDeployment as Recorded } from '../../../core/deployment/deployment.ts';
import { ExecutionContext } from '../../../core/deployment/task-input.ts';
import { installationDigest } from '../../../core/targets/installation-digest.ts';
import type { HistoryItem } from '../../../services/history/history.ts';
import type { LockItem } from '../../../services/locks/lock-item.ts';
import type { TargetLocks } from '../../../services/locks/target-locks.ts';
import type { Messages } from '../../../services/notify/sns-messages.ts';
import { FinalState, outcomeOf, RecordingPath } from '../../recording/deployment-outcome.ts';
import { failureMessage } from '../../recording/failure-message.ts';
import { type EndedDeployment, historyItem, requestFactsOf } from '../../recording/history-item.ts';
import { failedRollout, installedAfter } from '../../recording/installed-after.ts';
import { onDeployedMessage } from '../../recording/on-deployed-message.ts';
import { findHeldHostLock, type RecordingServices, record } from '../../recording/record.ts';
import { type FailedRollback, repairMessage, repairOutcomes } from '../../recording/repair-message.ts';
import { task } from '../../runtime/task.ts';
import { deploymentMetrics, history, hostLocks, locks, messages } from '../../runtime/wiring.ts';

const Input = z.object({
  path: RecordingPath,
  execution: ExecutionContext,
  request: z.unknown(),
  state: FinalState,
});
type Input = z.infer<typeof Input>;

interface Services extends RecordingServices {
  readonly locks: TargetLocks;
  readonly messages: Messages;
  readonly clock: Clock;
}

/**
 * The recording states: in one transaction they write the outcome, the installed version and the count of failures of the
 * rollout, and release the locks of target and host. Only the owner releases a lock, so a state that comes too late cannot
 * release the lock of another execution. A repeated call changes nothing and returns the recorded outcome. Operators
 * get a message about a failure, and about a failed command of `onDeployed`. It is sent once the
 * outcome is recorded, and again by a repeated call. A message that cannot be sent does not fail the state.
 */
export const createHandler =
  (by: Services) =>
  async (input: Input): Promise<RecordedDeployment> => {
    const { targetId, host } = requestFactsOf(input.request);
    const executionArn = input.execution.id;
    const lock = await by.locks.read(targetId);
    const held = lock.owner === executionArn ? lock : null;
    const fence = held?.fence ?? input.state.deployment?.fence ?? null;
    const hostLock = await findHeldHostLock(by, host, executionArn);
    const mayHaveSent = held === null || held.pending !== null;
    const ending = outcomeOf(input.path, input.state, { mayHaveSent });
    const item = itemOf(input, { ending, endedAt: by.clock.now(), fence, lock: hostLock });

    const recording = await record(by, item, {
      release: held && { targetId, executionArn, fence: held.fence },
      host: hostLock,
      installed: held && installedAfter(item, evidenceOf(input, { host, lock: held })),
      failedRollout: failedRollout(item),
    });
    const known = recording === 'recorded' ? null : await by.history.find(targetId, executionArn);
    await sendMessage(by, known ?? item, { state: input.state, host });
    return recorded(known ?? item);
  };

async function sendMessage(
  { messages }: Services,
  item: HistoryItem,
  known: Omit<FailedRollback, 'item'>,
): Promise<void> {
  const outcome = repairOutcomes.find((one) => one === item.outcome);
  const { host, state } = known;
  const line = messages.commandLine;
  const message =
    outcome === undefined
      ? (failureMessage(item, host, line) ??
        onDeployedMessage(item, { host, onDeployed: state.onDeployed }, line))
      : repairMessage({ ...known, item: { ...item, outcome } }, line);
  if (message !== null) await messages.send(message);
}

/** A host that was never sent a job has no new version. */
function evidenceOf({ path, state }: Input, { host, lock }: { host: string | null; lock: LockItem }) {
  const { push, rollback } = state;
  const nothingSent = path === 'failed' && lock.pending === null;
  const installation = installationDigest(state.deployment?.target);
  const [version, previousVersion] = [push?.version ?? null, previousVersionOf(push, rollback)];
  return { host, installation, version, previousVersion, nothingSent, isTakenOver: lock.takenFrom !== null };
}

const previousVersionOf = (push: FinalState['push'], rollback: FinalState['rollback']) =>
  rollback?.version ?? push?.previousVersion ?? null;

function itemOf(
  { path, execution, request, state }: Input,
  known: Pick<EndedDeployment, 'ending' | 'endedAt' | 'fence' | 'lock'>,
): HistoryItem {
  const facts = requestFactsOf(request);
  const { deployment, push, rollback } = state;
  const installed = path === 'committed' ? push?.version?.fingerprint : undefined;
  return historyItem({
    facts: {
      ...facts,
      fingerprint: installed ?? facts.fingerprint ?? push?.version?.fingerprint ?? null,
      requestNumber: deployment?.requestNumber ?? facts.requestNumber,
    },
    ...known,
    deploymentId: execution.name,
    executionArn: execution.id,
    startedAt: execution.startedAt,
    previousFingerprint: previousVersionOf(push, rollback)?.fingerprint ?? null,
    phases: state,
    recordedBy: 'graph',
  });
}

function recorded(item: HistoryItem): RecordedDeployment {
  const { deploymentId, targetId, outcome, summary, reason, warnings, repair } = item;
  const { fingerprint, previousFingerprint, fence } = item;
  return {
    deploymentId,
    targetId,
    outcome,
    summary,
    reason,
    fingerprint,
    previousFingerprint,
    fence,
    warnings,
    repair,
  };
}

export const handler = task('RecordOutcome', {
  input: Input,
  result: Recorded,
  build: () =>
    createHandler({
      locks: locks(),
      hostLocks: hostLocks(),
      history: history(),
      messages: messages(),
      metrics: deploymentMetrics(),
      clock: systemClock,
    }),
});
