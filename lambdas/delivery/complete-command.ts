import type { Clock } from '../../core/clock.ts';
import { type AgentLine, type HostKey, readAgentLine, unreadJob } from '../../core/deployment/agent-line.ts';
import type { ProbeResult, PushResult } from '../../core/deployment/deployment.ts';
import { CertferryError } from '../../core/errors.ts';
import { isUnavailable } from '../../core/probe-failure.ts';
import type { Executions } from '../../services/executions.ts';
import type { PendingCommand, PendingCommands } from '../../services/locks/pending-commands.ts';
import type { TargetLocks } from '../../services/locks/target-locks.ts';
import type { HostKeyWarnings } from '../../services/notify/host-key-warnings.ts';
import type { HostKeys } from '../../services/registry/host-keys.ts';
import type { Commands, Invocation } from '../../services/ssm/commands.ts';
import { hasEnded } from '../../services/ssm/commands.ts';
import { findGoneAfter, type GoneHostServices } from './gone-hosts.ts';
import {
  hostProbeResult,
  judgedByBaseline,
  lostResult,
  notStartedResult,
  pushResult,
  reconciledResult,
  refusedResult,
} from './job-results.ts';
import { isNotStarted } from './not-started.ts';

/** The services that completing a command requires. */
export interface CompletionServices extends GoneHostServices {
  readonly clock: Clock;
  readonly commands: Commands;
  readonly executions: Executions;
  readonly locks: TargetLocks;
  readonly notices: HostKeyWarnings;
  readonly pending: PendingCommands;
  readonly hostKeys: HostKeys;
  /** Whether a key that replaces the registered key of a host is saved, or refused until an operator accepts it. */
  readonly onHostKeyChange: 'notify' | 'refuse';
}

/** The services that completing a state with a known result requires. */
export type ResultServices = Omit<CompletionServices, 'commands'>;

/** The state of a command. `not_ended`: it runs. `not_awaited`: it has ended, but no state waits for it any more. */
export type Completion = 'completed' | 'not_ended' | 'not_awaited';

/**
 * Asks SSM once for the status of a command. If the command has ended, completes the state that waits for it.
 *
 * The sender calls this, because the event may arrive before the command is stored, and so does the event. Repeated, late
 * and parallel calls are harmless: the host key and the count of enrolments change once, and the second completion
 * returns `not_awaited`.
 */
export async function completeIfEnded(by: CompletionServices, command: PendingCommand): Promise<Completion> {
  const invocation = await by.commands.readInvocation(command.commandId, command.host);
  if (invocation === null || !hasEnded(invocation.status)) return 'not_ended';
  return completeWith(by, command, invocation);
}

/** Completes the waiting state with the invocation that SSM reported. Fails it if there is no result because the host is gone. */
export async function completeWith(
  by: ResultServices,
  command: PendingCommand,
  invocation: Invocation,
): Promise<'completed' | 'not_awaited'> {
  const line = lineFor(command, invocation);
  const gone = isConclusive(command, invocation) ? null : await findGoneAfter(by, command, invocation);
  if (gone !== null) return (await by.executions.fail(command.taskToken, gone)) ? 'completed' : 'not_awaited';
  if (line === null && command.purpose === 'undo') return retryUndo(by, command, invocation);
  const { probe } = command;
  if (probe !== null) return completeProbe(by, command, () => hostProbeResult(line, invocation, probe));
  const refusal = line?.hostKey ? await saveHostKey(by, command, { line, hostKey: line.hostKey }) : null;
  if (line?.outcome === 'enrolled' && refusal === null && isRepeated(command))
    return sendAgain(by, command, retiredKey(command));
  const result = withWarnings(command, refusal ?? (await resultFor(by, command, { line, invocation })));
  const output = { ...(await withBaseline(by, command, result)), ...timesOf(by, command) };
  return (await by.executions.complete(command.taskToken, output)) ? 'completed' : 'not_awaited';
}

/** A probe that the host could not make is no result: the Retry of the state sends it again. */
async function completeProbe(
  by: ResultServices,
  command: PendingCommand,
  read: () => ProbeResult,
): Promise<'completed' | 'not_awaited'> {
  let result: ProbeResult;
  try {
    result = read();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return sendAgain(by, command, error);
  }
  return (await by.executions.complete(command.taskToken, result)) ? 'completed' : 'not_awaited';
}

/** Warnings about the bundle precede those of the host. */
function withWarnings({ warnings = [] }: PendingCommand, result: PushResult): PushResult {
  return { ...result, warnings: [...warnings, ...result.warnings] };
}

/**
 * The baseline that was stored before the first job was sent, else that of the host, and for a dry run its warnings. A lock
 * that another execution holds has no baseline of this deployment.
 */
async function withBaseline(
  { locks }: Pick<ResultServices, 'locks'>,
  { targetId, executionArn, fence, purpose }: PendingCommand,
  result: PushResult,
): Promise<PushResult> {
  if (purpose === 'undo' || purpose === 'onDeployed') return result;
  const lock = await locks.read(targetId);
  const isHeld = lock.owner === executionArn && lock.fence === fence;
  return judgedByBaseline(result, isHeld ? lock.baseline : null);
}

const resultFor = (
  by: ResultServices,
  command: PendingCommand,
  { line, invocation }: { readonly line: AgentLine | null; readonly invocation: Invocation },
) => (line?.outcome === 'enrolled' ? enrolled(by, command, line) : resultOf(command, line, invocation));

/**
 * Saves the key to which the next bundle is sealed. A host that opens a bundle announces its next key. A key that replaces the
 * registered one without that is reported to operators before it is saved, at least once. Returns the result of the state if
 * the stack refuses such a key.
 */
async function saveHostKey(
  by: ResultServices,
  { host, targetId, deploymentId, sentAt }: PendingCommand,
  { line, hostKey }: { readonly line: AgentLine; readonly hostKey: HostKey },
): Promise<PushResult | null> {
  // after a lost reply, the host has retired the key by itself: no other machine has answered
  const isAnnounced = line.outcome !== 'enrolled' || line.reason === 'RetiredHostKey';
  const previous = isAnnounced ? null : await by.hostKeys.findReplaced(host, hostKey, sentAt);
  const refused = by.onHostKeyChange === 'refuse';
  if (previous !== null) {
    const kids = { kid: hostKey.kid, previousKid: previous.kid };
    await by.notices.hostKeyChanged({ host, targetId, deploymentId, ...kids, refused });
    if (refused) return refusedResult(changedKey(host, kids));
  }
  await by.hostKeys.save(host, hostKey, sentAt);
  return null;
}

function changedKey(
  host: string,
  { kid, previousKid }: { readonly kid: string; readonly previousKid: string },
) {
  return new CertferryError(
    'HostKeyChanged',
    `${host} answered with key ${kid}, and the registered one is ${previousKid}. Nothing was sealed to the new key. If you have rebuilt the host, delete the registered key and deploy again.`,
  );
}

/** The durations of the phases are calculated from these times. */
const timesOf = ({ clock }: ResultServices, { sentAt }: PendingCommand) => ({
  sentAt,
  endedAt: clock.now().toISOString(),
});

/** An undo job must not get lost: the Retry of the state sends it again, and the agent continues where it stopped. */
async function retryUndo(
  by: ResultServices,
  command: PendingCommand,
  invocation: Invocation,
): Promise<'completed' | 'not_awaited'> {
  const { summary } = lostResult(command.commandId, invocation.status, invocation.errors);
  return sendAgain(by, command, { name: 'HostLost', message: summary });
}

/** The Retry of the state matches the name of the error. */
async function sendAgain(
  by: ResultServices,
  command: PendingCommand,
  error: Pick<CertferryError, 'name' | 'message'>,
): Promise<'completed' | 'not_awaited'> {
  await by.pending.forget(command);
  return (await by.executions.fail(command.taskToken, error)) ? 'completed' : 'not_awaited';
}

/** After an enrolment, PushBundle is entered again. The Retry of the other states sends their sealed job again. */
const isRepeated = ({ purpose }: PendingCommand): boolean => purpose === 'undo' || purpose === 'reconcile';

const retiredKey = ({ host }: PendingCommand) => {
  const message = `${host} has another key than the one to which the job was sealed; the job is sent again`;
  return { name: 'RetiredHostKey', message } as const;
};

/**
 * The result of the agent, if it belongs to this command's deployment: the agent repeats ids of the job's header. It does not
 * read the header of a job with a wrong signature. A refused repetition does not show how the first delivery ended, so it is no
 * result.
 */
export function lineFor(
  command: Pick<PendingCommand, 'deploymentId' | 'targetId'>,
  invocation: Invocation,
): AgentLine | null {
  const line = readAgentLine(invocation.output);
  if (line === null || line.reason === 'JobReplayed') return null;
  const isOf = (ids: Pick<AgentLine, 'deploymentId' | 'targetId'>) =>
    line.deploymentId === ids.deploymentId && line.targetId === ids.targetId;
  return isOf(command) || (isOf(unreadJob) && line.reason === 'JobUnsigned') ? line : null;
}

/** Whether the ended command shows how its deployment ended. */
export const isConclusive = (command: PendingCommand, invocation: Invocation): boolean =>
  lineFor(command, invocation) !== null || isNotStarted(command, invocation);

function resultOf(command: PendingCommand, line: AgentLine | null, invocation: Invocation): PushResult {
  if (line === null)
    return isNotStarted(command, invocation)
      ? notStartedResult(command.commandId, invocation)
      : lostResult(command.commandId, invocation.status, invocation.errors);
  return command.purpose === 'reconcile'
    ? reconciledResult(line, command.commandId)
    : pushResult(line, command.commandId);
}

/** A host enrolls once and may lose its key once. More rounds in one deployment do not help. */
const maximumEnrolments = 3;

/** The host returned its key instead of performing the job: the state machine pushes again, sealed to that key. */
async function enrolled(by: ResultServices, command: PendingCommand, line: AgentLine): Promise<PushResult> {
  const { host, targetId } = command;
  await by.pending.countEnrolment(command);
  const { enrolments } = await by.locks.read(targetId);
  if (enrolments <= maximumEnrolments) return pushResult(line, command.commandId);
  return refusedResult(
    new CertferryError(
      'EnrolmentLoop',
      `${host} has enrolled ${enrolments} times in one deployment and still cannot open the bundle sealed to its latest key. Check whether something resets its state folder.`,
    ),
  );
}
