import pLimit from 'p-limit';
import { textLimits } from '../../core/bounds/channels.ts';
import { cutText } from '../../core/bounds/cut-text.ts';
import type { Clock } from '../../core/clock.ts';
import { readWarmLine, type WarmedHost, warmJob } from '../../core/deployment/warm.ts';
import { isCertferryError } from '../../core/errors.ts';
import { hostLocationOf } from '../../core/targets/host-location.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import type { ReachableHosts } from '../../services/fleet/reachable-hosts.ts';
import type { HostVersions } from '../../services/registry/host-versions.ts';
import { type Commands, hasEnded, type Invocation } from '../../services/ssm/commands.ts';
import type { SendRate } from '../../services/ssm/send-rate.ts';
import { shownErrors } from './shown-errors.ts';

/** The services that warm commands require. `agentVersion`: of the agent and its runtime; without one, nothing is recorded. */
export interface WarmServices {
  readonly commands: Pick<Commands, 'send' | 'readInvocation'>;
  readonly sendRate: SendRate;
  readonly reachable: ReachableHosts;
  readonly hostVersions: Pick<HostVersions, 'save'>;
  readonly agentVersion: string | undefined;
  readonly clock: Clock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Few, so that a deployment that sends a command meanwhile waits only briefly. */
const maximumParallelSends = 5;
/** Parallel status requests to SSM. */
const maximumParallelPolls = 10;
/** Pauses between two status requests: 1, 2, 4, 8, 8, … seconds. */
const maximumPauseSeconds = 8;
/** The pause before a command is sent that too many others precede. */
const pacedSeconds = 10;

/**
 * Lets hosts fetch the agent and its runtime, and waits for their results until `until`. It never rejects: an error becomes the
 * result of its host. A warm command takes no lock and changes nothing that a deployment uses, so a command whose result is
 * lost does no harm. The results have the order of `hosts`.
 */
export async function warmHosts(
  by: WarmServices,
  hosts: readonly string[],
  until: Date,
): Promise<WarmedHost[]> {
  const [sends, polls] = [pLimit(maximumParallelSends), pLimit(maximumParallelPolls)];
  return Promise.all(
    hosts.map(async (host) => {
      try {
        const why = await by.reachable.unreachableReason(host);
        if (why !== null) return notWarm(host, 'offline', why);
        const commandId = await sends(() => send(by, host, until));
        if (commandId === null) return notWarm(host, 'pending', 'too many commands wait to be sent');
        const result = await awaitResult({ ...by, polls }, { host, commandId }, until);
        if (result.outcome === 'warm' && by.agentVersion !== undefined)
          await by.hostVersions.save(host, by.agentVersion);
        return result;
      } catch (error) {
        return notWarm(host, 'failed', `${nameOf(error)}: ${error instanceof Error ? error.message : ''}`);
      }
    }),
  );
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : String(error));

/** The id of the command; null if there was no time to send it. */
async function send(by: WarmServices, host: string, until: Date): Promise<string | null> {
  const { account, region } = hostLocationOf(host);
  const where = account === null ? null : `${account}/${region}`;
  while (by.clock.now() < until) {
    try {
      await by.sendRate.waitForSlot(where, 'canWait');
      return await by.commands.send({ host, job: warmJob, comment: 'certferry warm' });
    } catch (error) {
      if (!isCertferryError(error) || error.name !== 'SendPaced') throw error;
      await by.sleep(pacedSeconds * 1000);
    }
  }
  return null;
}

type PollServices = WarmServices & { readonly polls: ReturnType<typeof pLimit> };

async function awaitResult(
  { commands, clock, sleep, polls }: PollServices,
  { host, commandId }: { readonly host: string; readonly commandId: string },
  until: Date,
): Promise<WarmedHost> {
  const deadline = Math.min(until.getTime(), clock.now().getTime() + timeBudgets.command * 1000);
  for (let pause = 1; clock.now().getTime() < deadline; pause = Math.min(2 * pause, maximumPauseSeconds)) {
    await sleep(Math.min(pause * 1000, deadline - clock.now().getTime()));
    const invocation = await polls(() => commands.readInvocation(commandId, host));
    if (invocation !== null && hasEnded(invocation.status)) return resultOf(host, invocation);
  }
  return notWarm(host, 'pending', `the host has not reported the end of command ${commandId}`);
}

function resultOf(host: string, { status, output, errors }: Invocation): WarmedHost {
  const line = readWarmLine(output);
  if (line !== null) return { host, outcome: 'warm', ...line, summary: '' };
  if (output !== '')
    return notWarm(
      host,
      'failed',
      'the SSM document of this stack cannot warm hosts: deploy the stack again',
    );
  const shown = shownErrors(errors);
  return notWarm(host, 'failed', shown === '' ? `the command ended with status ${status}` : shown);
}

function notWarm(host: string, outcome: WarmedHost['outcome'], why: string): WarmedHost {
  return { host, outcome, fetched: [], seconds: 0, summary: cutText(why, textLimits.errorMessage, 'ends') };
}
