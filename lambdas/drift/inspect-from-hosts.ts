import pLimit from 'p-limit';
import { type Clock, epochSeconds } from '../../core/clock.ts';
import { type JobHeader, maximumInspections } from '../../core/deployment/job.ts';
import { functionJobText } from '../../core/deployment/run.ts';
import type { EndpointInspection } from '../../core/drift/finding.ts';
import {
  type HostInspectionTarget,
  type HostReply,
  inspectionFromHost,
} from '../../core/drift/host-inspection.ts';
import { openJobText } from '../../core/seal/job-text.ts';
import { hostLocationOf, isFunctionHost } from '../../core/targets/host-location.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import type { ReachableHosts } from '../../services/fleet/reachable-hosts.ts';
import type { HostLocks } from '../../services/locks/host-locks.ts';
import { type Commands, hasEnded } from '../../services/ssm/commands.ts';
import type { SendRate } from '../../services/ssm/send-rate.ts';
import { lineFor } from '../delivery/complete-command.ts';
import { lostResult } from '../delivery/job-results.ts';

/** Services for probes from hosts. */
export interface HostInspectionServices {
  readonly commands: Pick<Commands, 'send' | 'readInvocation'>;
  readonly hostLocks: Pick<HostLocks, 'read'>;
  readonly sendRate: SendRate;
  readonly reachable: ReachableHosts;
  readonly clock: Clock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Probes of one host, requested by one command. */
interface HostJob {
  readonly host: string;
  readonly requests: readonly HostInspectionTarget[];
}

interface SentCommand extends Pick<JobHeader, 'deploymentId' | 'targetId'> {
  readonly commandId: string;
  readonly host: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** Null: there was no time to send the command. */
type SendResult = SentCommand | Exclude<HostReply, { kind: 'answered' }> | null;

/** Hosts whose state is checked together. The last of them gets its command some seconds later. */
const batchSize = 50;
/** Few, so that a deployment that sends a command meanwhile waits only briefly. */
const maximumParallelSends = 5;
/** Parallel status requests to SSM. */
const maximumParallelPolls = 10;

/** An online host gets its command within seconds. Starting the agent and probing take up to three minutes. */
const resultTimeoutSeconds = 240;
/** Commands that would be sent later than this before the end are left to the next sweep. */
const minimumResultSeconds = 60;
/** Pauses between two status requests: 1, 2, 4, 8, 16, 16, … seconds. */
const maximumPauseSeconds = 16;

/**
 * Lets hosts probe the targets that only they can reach, until `until`: one command for up to eight targets of a host.
 *
 * The commands take no lock, and skip a host with a running deployment. They have no task token and change nothing, so a
 * command whose result is lost does no harm, and its event matches no pending command.
 *
 * Sending starts at once in the order of the requests, and continues in the background. Each result settles when its host
 * has responded. It never rejects: an error becomes the reason why the target was not probed. Null: there was no time.
 */
export function openHostInspections(by: HostInspectionServices, until: Date) {
  const oneBatch = pLimit(1);
  const [sends, polls] = [pLimit(maximumParallelSends), pLimit(maximumParallelPolls)];
  const lastSend = until.getTime() - minimumResultSeconds * 1000;

  async function sendAll(jobs: readonly HostJob[]): Promise<SendResult[]> {
    const unreachable = await Promise.all(jobs.map(({ host }) => reasonUnreachable(host, by)));
    return Promise.all(
      jobs.map((job, at) =>
        sends(() => {
          if (by.clock.now().getTime() >= lastSend) return null;
          return unreachable[at] ?? send(job, by);
        }),
      ),
    );
  }

  async function resultOf(sent: SendResult | undefined): Promise<HostReply | null> {
    if (sent == null) return null;
    if ('kind' in sent) return sent;
    const deadline = Math.min(sent.sentAt + resultTimeoutSeconds * 1000, until.getTime());
    return awaitLine(sent, deadline, { ...by, limitPolls: polls });
  }

  return (
    requests: readonly HostInspectionTarget[],
  ): ReadonlyMap<string, Promise<EndpointInspection | null>> => {
    const results = new Map<string, Promise<EndpointInspection | null>>();
    for (const batch of inGroups(jobsOf(requests), batchSize)) {
      const sent = oneBatch(() => sendAll(batch));
      for (const [at, job] of batch.entries()) {
        const response = sent.then((all) => resultOf(all[at]));
        for (const request of job.requests) {
          const result = response.then((one) => one && inspectionFromHost(request, one, by.clock.now()));
          results.set(request.targetId, result);
        }
      }
    }
    return results;
  };
}

/** In the order of the first request of each host. */
function jobsOf(requests: readonly HostInspectionTarget[]): HostJob[] {
  const byHost = Map.groupBy(requests, ({ host }) => host);
  return [...byHost].flatMap(([host, all]) =>
    inGroups(all, maximumInspections).map((some) => ({ host, requests: some })),
  );
}

function inGroups<Thing>(things: readonly Thing[], size: number): Thing[][] {
  const groups = Math.ceil(things.length / size);
  return Array.from({ length: groups }, (_, at) => things.slice(at * size, (at + 1) * size));
}

async function reasonUnreachable(host: string, { reachable }: HostInspectionServices) {
  try {
    const why = await reachable.unreachableReason(host);
    return why === null ? null : ({ kind: 'offline', why } as const);
  } catch (error) {
    return notSent('the state of the host could not be determined', error);
  }
}

async function send({ host, requests }: HostJob, by: HostInspectionServices): Promise<SendResult> {
  try {
    const running = isFunctionHost(host) ? null : await waitForHost(host, by);
    if (running !== null) return { kind: 'not_inspected', why: `${running} is running on the host` };
    const now = by.clock.now();
    const header = headerOf(requests, now);
    const inspections = requests.map(({ host: _, ...look }) => look);
    const job = isFunctionHost(host)
      ? functionJobText({ job: 'inspect', header, inspections })
      : openJobText({ header, probe: null, inspections });
    const commandId = await by.commands.send({ host, job, comment: `certferry ${header.deploymentId}` });
    const { deploymentId, targetId } = header;
    return { commandId, deploymentId, targetId, host, sentAt: now.getTime() };
  } catch (error) {
    return notSent('the command could not be sent', error);
  }
}

/** Returns when a command may be sent. Or returns the deployment that runs on the host. */
async function waitForHost(host: string, by: HostInspectionServices): Promise<string | null> {
  const { owner } = await by.hostLocks.read(host);
  if (owner !== null) return `deployment ${owner.split(':').at(-1)}`;
  const { account, region } = hostLocationOf(host);
  await by.sendRate.waitForSlot(account === null ? null : `${account}/${region}`, 'canWait');
  return null;
}

/** A job without a deployment and without a fence, because it holds no lock. The agent's line names the first target. */
function headerOf([first]: readonly HostInspectionTarget[], now: Date): JobHeader {
  return {
    v: 1,
    action: 'inspect',
    deploymentId: `sweep-${epochSeconds(now)}`,
    targetId: first?.targetId ?? '',
    fence: 0,
    expiresAt: epochSeconds(now) + timeBudgets.job,
  };
}

type PollServices = HostInspectionServices & { readonly limitPolls: ReturnType<typeof pLimit> };

async function awaitLine(sent: SentCommand, deadline: number, by: PollServices): Promise<HostReply> {
  const { commandId, host } = sent;
  const remaining = () => deadline - by.clock.now().getTime();
  try {
    for (let pause = 1; ; pause = Math.min(2 * pause, maximumPauseSeconds)) {
      if (remaining() <= 0) break;
      await by.sleep(Math.min(pause * 1000, remaining()));
      // the time may be over after waiting for the limit
      const invocation = await by.limitPolls(() =>
        remaining() <= 0 ? null : by.commands.readInvocation(commandId, host),
      );
      if (invocation === null || !hasEnded(invocation.status)) continue;
      const line = lineFor(sent, invocation);
      if (line !== null) return { kind: 'answered', line };
      const { summary } = lostResult(commandId, invocation.status, invocation.errors);
      return { kind: 'not_inspected', why: `the host did not probe: ${summary}` };
    }
  } catch (error) {
    return notSent('the result of the command could not be read', error);
  }
  const waited = Math.round((by.clock.now().getTime() - sent.sentAt) / 1000);
  return { kind: 'not_inspected', why: `the host did not respond within ${waited} s (command ${commandId})` };
}

function notSent(what: string, error: unknown) {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'not_inspected', why: `${what} (${reason})` } as const;
}
