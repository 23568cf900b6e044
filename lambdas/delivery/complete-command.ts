import type { Clock } from '../../core/clock.ts';
import { type AgentLine, readAgentLine } from '../../core/deployment/agent-line.ts';
import type { ProbeResult, PushResult } from '../../core/deployment/deployment.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Executions } from '../../services/executions.ts';
import type { PendingCommand, PendingCommands } from '../../services/locks/pending-commands.ts';
import type { TargetLocks } from '../../services/locks/target-locks.ts';
import type { HostKeyWarnings } from '../../services/notify/host-key-warnings.ts';
import type { HostKeys } from '../../services/registry/host-keys.ts';
import type { Commands, Invocation } from '../../services/ssm/commands.ts';
import { hasEnded } from '../../services/ssm/commands.ts';
import { hostProbeResult, lostResult, pushResult, reconciledResult, refusedResult } from './job-results.ts';

/** The services that completing a command requires. */
export interface CompletionServices {
  readonly clock: Clock;
  readonly commands: Commands;
  readonly executions: Executions;
  readonly locks: TargetLocks;
  readonly notices: HostKeyWarnings;
  readonly pending: PendingCommands;
  readonly hostKeys: HostKeys;
}

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

/** Completes the waiting state with the invocation that SSM reported. */
export async function completeWith(
  by: CompletionServices,
  command: PendingCommand,
  invocation: Invocation,
): Promise<'completed' | 'not_awaited'> {
  const line = lineFor(command, invocation);
  if (line === null && command.purpose === 'undo') return retryUndo(by, command, invocation);
  if (line?.hostKey) await by.hostKeys.save(command.host, line.hostKey, command.sentAt);
  const result =
    line?.outcome === 'enrolled' ? await enrolled(by, command, line) : resultOf(command, line, invocation);
  const output = command.probe === null ? { ...result, ...timesOf(by, command) } : result;
  return (await by.executions.complete(command.taskToken, output)) ? 'completed' : 'not_awaited';
}

/** The durations of the phases are calculated from these times. */
const timesOf = ({ clock }: CompletionServices, { sentAt }: PendingCommand) => ({
  sentAt,
  endedAt: clock.now().toISOString(),
});

/** An undo job must not get lost: the Retry of the state sends it again, and the agent continues where it stopped. */
async function retryUndo(
  by: CompletionServices,
  command: PendingCommand,
  invocation: Invocation,
): Promise<'completed' | 'not_awaited'> {
  const { summary } = lostResult(command.commandId, invocation.status, invocation.errors);
  await by.pending.forget(command);
  const completed = await by.executions.fail(command.taskToken, { name: 'HostLost', message: summary });
  return completed ? 'completed' : 'not_awaited';
}

/** The result of the agent, if it belongs to this command's deployment: the agent repeats ids of the job's header. */
export function lineFor(
  command: Pick<PendingCommand, 'deploymentId' | 'targetId'>,
  invocation: Invocation,
): AgentLine | null {
  const line = readAgentLine(invocation.output);
  return line?.deploymentId === command.deploymentId && line.targetId === command.targetId ? line : null;
}

function resultOf(
  command: PendingCommand,
  line: AgentLine | null,
  invocation: Invocation,
): PushResult | ProbeResult {
  if (command.probe !== null) return hostProbeResult(line, invocation, command.probe);
  if (line === null) return lostResult(command.commandId, invocation.status, invocation.errors);
  return command.purpose === 'reconcile'
    ? reconciledResult(line, command.commandId)
    : pushResult(line, command.commandId);
}

/** A host enrolls once and may lose its key once. More rounds in one deployment do not help. */
const maximumEnrolments = 3;

/** The host returned its key instead of performing the job: the state machine pushes again, sealed to that key. */
async function enrolled(
  by: CompletionServices,
  command: PendingCommand,
  line: AgentLine,
): Promise<PushResult> {
  const { host, targetId, deploymentId } = command;
  const isNew = await by.pending.countEnrolment(command);
  // after a lost reply, the host has retired the key by itself: no other machine has answered
  if (isNew && command.action !== 'enroll' && line.reason !== 'RetiredHostKey') {
    by.notices.hostKeyChanged({ host, targetId, deploymentId, kid: line.hostKey?.kid ?? null });
  }
  const { enrolments } = await by.locks.read(targetId);
  if (enrolments <= maximumEnrolments) return pushResult(line, command.commandId);
  return refusedResult(
    new CertferryError(
      'EnrolmentLoop',
      `${host} has enrolled ${enrolments} times in one deployment and still cannot open the bundle sealed to its latest key. Check whether something resets its state folder.`,
    ),
  );
}
