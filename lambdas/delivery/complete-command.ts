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

/** What it takes to end a command. */
export interface CompletionServices {
  readonly clock: Clock;
  readonly commands: Commands;
  readonly executions: Executions;
  readonly locks: TargetLocks;
  readonly notices: HostKeyWarnings;
  readonly pending: PendingCommands;
  readonly hostKeys: HostKeys;
}

/** `waiting`: the command has not ended; `nobody`: it has, and no state waits for it any more. */
export type Completion = 'completed' | 'waiting' | 'nobody';

/**
 * Asks SSM once how a command stands and, when it has ended, completes the state that waits for it.
 *
 * Called by whoever sent it (an event may have come before anybody knew the command) and by the event. Twice, late or
 * at once: the registry and the count of enrolments move once, and the second completion finds nobody waiting.
 */
export async function completeIfEnded(by: CompletionServices, command: PendingCommand): Promise<Completion> {
  const invocation = await by.commands.readInvocation(command.commandId, command.host);
  if (invocation === null || !hasEnded(invocation.status)) return 'waiting';
  return completeWith(by, command, invocation);
}

/** Ends a command with what SSM says of it. */
export async function completeWith(
  by: CompletionServices,
  command: PendingCommand,
  invocation: Invocation,
): Promise<'completed' | 'nobody'> {
  const line = lineFor(command, invocation);
  if (line === null && command.purpose === 'undo') return retryUndo(by, command, invocation);
  if (line?.hostKey) await by.hostKeys.save(command.host, line.hostKey, command.sentAt);
  const result =
    line?.outcome === 'enrolled' ? await enrolled(by, command, line) : resultOf(command, line, invocation);
  const answer = command.probe === null ? { ...result, ...timesOf(by, command) } : result;
  return (await by.executions.complete(command.taskToken, answer)) ? 'completed' : 'nobody';
}

/** How long the phases of a deployment took is made of these. */
const timesOf = ({ clock }: CompletionServices, { sentAt }: PendingCommand) => ({
  sentAt,
  endedAt: clock.now().toISOString(),
});

/**
 * Undoing is the one job that nobody else would finish: the state's Retry sends it again, and the host goes on where
 * the agent that died stopped.
 */
async function retryUndo(
  by: CompletionServices,
  command: PendingCommand,
  invocation: Invocation,
): Promise<'completed' | 'nobody'> {
  const { summary } = lostResult(command.commandId, invocation.status, invocation.errors);
  await by.pending.forget(command);
  const told = await by.executions.fail(command.taskToken, { name: 'HostLost', message: summary });
  return told ? 'completed' : 'nobody';
}

/** The agent's line, if it is about this command's deployment: an agent answers the header it was given. */
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

/** A host is given its key once and may lose it once; more rounds than this in one deployment lead nowhere. */
const enrolmentsAtMost = 3;

/** The host told its key instead of doing the job: the graph pushes again, sealed to that key. */
async function enrolled(
  by: CompletionServices,
  command: PendingCommand,
  line: AgentLine,
): Promise<PushResult> {
  const { host, targetId, deploymentId } = command;
  const isNew = await by.pending.countEnrolment(command);
  if (isNew && command.action !== 'enroll') {
    by.notices.hostKeyChanged({ host, targetId, deploymentId, kid: line.hostKey?.kid ?? null });
  }
  const { enrolments } = await by.locks.read(targetId);
  if (enrolments <= enrolmentsAtMost) return pushResult(line, command.commandId);
  return refusedResult(
    new CertferryError(
      'EnrolmentLoop',
      `${host} has told a new key ${enrolments} times in one deployment and still cannot open what is sealed to it. Does something reset its state folder?`,
    ),
  );
}
