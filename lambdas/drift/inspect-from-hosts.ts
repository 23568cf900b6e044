import pLimit from 'p-limit';
import { type Clock, epochSeconds } from '../../core/clock.ts';
import { type JobHeader, mostLooks } from '../../core/deployment/job.ts';
import type { Sight } from '../../core/drift/drift.ts';
import { type HostAnswer, type HostQuestion, sightFromHost } from '../../core/drift/host-inspection.ts';
import { openJobText } from '../../core/seal/job-text.ts';
import { placeOf } from '../../core/targets/host-location.ts';
import type { ReachableHosts } from '../../services/fleet/reachable-hosts.ts';
import type { HostLocks } from '../../services/locks/host-locks.ts';
import { type Commands, deliverySeconds, hasEnded } from '../../services/ssm/commands.ts';
import type { SendRate } from '../../services/ssm/send-rate.ts';
import { lineFor } from '../delivery/complete-command.ts';
import { lostResult } from '../delivery/job-results.ts';

/** What it takes to have hosts look. */
export interface HostInspectionServices {
  readonly commands: Pick<Commands, 'send' | 'readInvocation'>;
  readonly hostLocks: Pick<HostLocks, 'read'>;
  readonly sendRate: SendRate;
  readonly reachable: ReachableHosts;
  readonly clock: Clock;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Questions of one host, asked by one command. */
interface HostJob {
  readonly host: string;
  readonly questions: readonly HostQuestion[];
}

interface Sent extends Pick<JobHeader, 'deploymentId' | 'targetId'> {
  readonly commandId: string;
  readonly host: string;
  /** Epoch milliseconds. */
  readonly sentAt: number;
}

/** Null: there was no time to ask it. */
type Begun = Sent | Exclude<HostAnswer, { kind: 'answered' }> | null;

/** Hosts that are asked about together; the last of them is sent its command some seconds later. */
const roundSize = 50;
/** Few, so that a deployment that wants to send meanwhile has hardly anybody before it in the queue. */
const sendsAtOnce = 5;
/** Questions to SSM about commands under way. */
const pollsAtOnce = 10;

/** A host that is there gets its command in seconds; then come bootstrap, and a look of up to three minutes. */
const patienceSeconds = 240;
/** What is sent later than so long before the end would hardly be answered: the next sweep does it. */
const answerSeconds = 60;
/** Between two questions about a command: 1, 2, 4, 8, 16, 16, ... */
const longestPauseSeconds = 16;
/** For clocks that differ. */
const clockMarginSeconds = 60;

/**
 * Has hosts look at targets that only they can reach, until `until`: one command without a task token for up to eight
 * targets of a host. It takes no lock, and a host that is being deployed to is left alone. Nobody but the caller waits for
 * these commands: their events find no pending command, and one that the caller never heard of has changed nothing.
 *
 * Sends begin at once, in the order of the questions, and go on while the caller does something else. Each sight comes
 * when its host has answered, and never rejects: whatever goes wrong is why nobody looked. Null: there was no time to ask.
 */
export function openHostInspections(by: HostInspectionServices, until: Date) {
  const inTurn = pLimit(1);
  const [sends, polls] = [pLimit(sendsAtOnce), pLimit(pollsAtOnce)];
  const lastSend = until.getTime() - answerSeconds * 1000;

  async function begin(jobs: readonly HostJob[]): Promise<Begun[]> {
    const away = await Promise.all(jobs.map(({ host }) => obstacle(host, by)));
    return Promise.all(
      jobs.map((job, at) =>
        sends(() => {
          if (by.clock.now().getTime() >= lastSend) return null;
          return away[at] ?? send(job, by);
        }),
      ),
    );
  }

  async function answerTo(begun: Begun | undefined): Promise<HostAnswer | null> {
    if (begun == null) return null;
    if ('kind' in begun) return begun;
    const deadline = Math.min(begun.sentAt + patienceSeconds * 1000, until.getTime());
    return awaitLine(begun, deadline, { ...by, inTurn: polls });
  }

  return (questions: readonly HostQuestion[]): ReadonlyMap<string, Promise<Sight | null>> => {
    const sights = new Map<string, Promise<Sight | null>>();
    for (const round of inGroups(jobsOf(questions), roundSize)) {
      const begun = inTurn(() => begin(round));
      for (const [at, job] of round.entries()) {
        const answer = begun.then((all) => answerTo(all[at]));
        for (const question of job.questions) {
          const sight = answer.then((one) => one && sightFromHost(question, one, by.clock.now()));
          sights.set(question.targetId, sight);
        }
      }
    }
    return sights;
  };
}

/** In the order of the first question of each host. */
function jobsOf(questions: readonly HostQuestion[]): HostJob[] {
  const byHost = Map.groupBy(questions, ({ host }) => host);
  return [...byHost].flatMap(([host, its]) =>
    inGroups(its, mostLooks).map((some) => ({ host, questions: some })),
  );
}

function inGroups<Thing>(things: readonly Thing[], size: number): Thing[][] {
  const groups = Math.ceil(things.length / size);
  return Array.from({ length: groups }, (_, at) => things.slice(at * size, (at + 1) * size));
}

async function obstacle(host: string, { reachable }: HostInspectionServices) {
  try {
    const why = await reachable.unreachableReason(host);
    return why === null ? null : ({ kind: 'away', why } as const);
  } catch (error) {
    return notAsked('it could not be found out whether its host is there', error);
  }
}

async function send({ host, questions }: HostJob, by: HostInspectionServices): Promise<Begun> {
  try {
    const { owner } = await by.hostLocks.read(host);
    if (owner !== null) {
      return { kind: 'not_asked', why: `its host is being deployed to (${owner.split(':').at(-1)})` };
    }
    const { account, region } = placeOf(host);
    await by.sendRate.waitForSlot(account === null ? null : `${account}/${region}`, 'canWait');
    const now = by.clock.now();
    const header = headerOf(questions, now);
    const looks = questions.map(({ host: _, ...look }) => look);
    const job = openJobText({ header, probe: null, looks });
    const commandId = await by.commands.send({ host, job, comment: `certferry ${header.deploymentId}` });
    const { deploymentId, targetId } = header;
    return { commandId, deploymentId, targetId, host, sentAt: now.getTime() };
  } catch (error) {
    return notAsked('its host was not asked', error);
  }
}

/** The name of no deployment, and no fence: what only looks holds no lock. An agent answers for the first of the targets. */
function headerOf([first]: readonly HostQuestion[], now: Date): JobHeader {
  return {
    v: 1,
    action: 'inspect',
    deploymentId: `sweep-${epochSeconds(now)}`,
    targetId: first?.targetId ?? '',
    fence: 0,
    expiresAt: epochSeconds(now) + deliverySeconds + clockMarginSeconds,
  };
}

type Waiting = HostInspectionServices & { readonly inTurn: ReturnType<typeof pLimit> };

async function awaitLine(sent: Sent, deadline: number, by: Waiting): Promise<HostAnswer> {
  const { commandId, host } = sent;
  const left = () => deadline - by.clock.now().getTime();
  try {
    for (let pause = 1; ; pause = Math.min(2 * pause, longestPauseSeconds)) {
      if (left() <= 0) break;
      await by.sleep(Math.min(pause * 1000, left()));
      // whoever had to wait for his turn may be late by now
      const invocation = await by.inTurn(() =>
        left() <= 0 ? null : by.commands.readInvocation(commandId, host),
      );
      if (invocation === null || !hasEnded(invocation.status)) continue;
      const line = lineFor(sent, invocation);
      if (line !== null) return { kind: 'answered', line };
      const { summary } = lostResult(commandId, invocation.status, invocation.errors);
      return { kind: 'not_asked', why: `its host did not look: ${summary}` };
    }
  } catch (error) {
    return notAsked('its host was asked, and its answer could not be read', error);
  }
  const waited = Math.round((by.clock.now().getTime() - sent.sentAt) / 1000);
  return { kind: 'not_asked', why: `its host did not answer within ${waited} s (command ${commandId})` };
}

function notAsked(what: string, error: unknown) {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'not_asked', why: `${what} (${reason})` } as const;
}
