import { epochSeconds } from '../../core/clock.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobAction, JobHeader } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import { placeOf } from '../../core/targets/host-location.ts';
import type { HostLocks } from '../../services/locks/host-locks.ts';
import type { LockItem } from '../../services/locks/lock-item.ts';
import type { PendingCommand, Purpose } from '../../services/locks/pending-commands.ts';
import { deliverySeconds } from '../../services/ssm/commands.ts';
import type { SendRate } from '../../services/ssm/send-rate.ts';
import { type Completion, type CompletionServices, completeIfEnded } from './complete-command.ts';

/** What it takes to bring a job to a host. */
export interface DeliveryServices extends CompletionServices {
  readonly hostLocks: HostLocks;
  readonly sendRate: SendRate;
}

/** A job made, not yet sent: `text` is the parameter of the command. */
export interface PreparedJob {
  readonly action: JobAction;
  readonly text: string;
}

/** One job on behalf of a waiting state. `make` is called only when nothing has been sent for that state yet. */
export interface Delivery {
  readonly deployment: Deployment;
  readonly taskToken: string;
  readonly purpose: Purpose;
  readonly probe?: PendingCommand['probe'];
  readonly make: () => Promise<PreparedJob>;
}

/** Margin on the delivery timeout for clocks that differ: a host refuses a job that arrives later still. */
const clockMarginSeconds = 60;

/**
 * Sends a job once (see `services/pending-commands.ts` for how a retry finds what was sent), then looks once whether
 * it has ended already: its event may have come before anybody knew the command.
 *
 * Throws StaleFence when the deployment no longer holds its locks, CommandUndeliverable when a push finds its host away,
 * SendPaced when too many wait to send, and whatever `make` or sending throws.
 */
export async function deliver(by: DeliveryServices, delivery: Delivery): Promise<Completion> {
  const lock = await heldLock(by, delivery.deployment);
  const key = keyOf(delivery, lock);
  const sent = lock.pending?.key === key ? await sentBefore(by, lock, delivery.taskToken) : null;
  return completeIfEnded(by, sent ?? (await send(by, key, delivery)));
}

/** The same for every retry of one state, another for the same state entered again: a new round or a new look. */
export function keyOf(
  { purpose, deployment, probe }: Pick<Delivery, 'purpose' | 'deployment' | 'probe'>,
  lock: LockItem,
) {
  return [purpose, deployment.id, lock.enrolments, probe?.attempt ?? 0].join(':');
}

/** The deployment's lock. Throws StaleFence when somebody else has it: the host would refuse the job anyway. */
export async function heldLock(
  by: Pick<CompletionServices, 'locks'>,
  deployment: Deployment,
): Promise<LockItem> {
  const lock = await by.locks.read(deployment.target.id);
  if (lock.owner === deployment.executionArn && lock.fence === deployment.fence) return lock;
  return staleFence(deployment);
}

function staleFence({ target, fence }: Deployment): never {
  throw new CertferryError(
    'StaleFence',
    `this deployment no longer holds the lock of target ${target.id} (fence ${fence}); nothing was sent`,
    { details: { targetId: target.id, fence } },
  );
}

async function sentBefore(by: DeliveryServices, { pending }: LockItem, taskToken: string) {
  return pending?.commandId ? by.pending.replaceToken(pending.commandId, taskToken) : null;
}

async function send(by: DeliveryServices, key: string, delivery: Delivery): Promise<PendingCommand> {
  const { deployment, taskToken, purpose, probe = null } = delivery;
  const { id: deploymentId, executionArn, fence, target } = deployment;
  await awaitTurn(by, delivery);
  const { action, text } = await delivery.make();
  if (!(await by.pending.intend({ targetId: target.id, executionArn, fence }, key))) staleFence(deployment);

  const sentAt = by.clock.now().toISOString();
  const comment = `certferry ${action} ${deploymentId}`;
  const commandId = await by.commands.send({ host: target.host, job: text, comment });
  const about = { commandId, targetId: target.id, deploymentId, executionArn, fence, host: target.host };
  const command: PendingCommand = { ...about, purpose, action, taskToken, sentAt, probe };
  if (!(await by.pending.sent(command, key))) staleFence(deployment);
  return command;
}

/**
 * Undoing goes on in any case: a host that is away may come back within the command's time, and one that somebody else
 * has meanwhile takes one job at a time.
 */
async function awaitTurn(by: DeliveryServices, { purpose, deployment }: Delivery): Promise<void> {
  const { host } = deployment.target;
  if (purpose !== 'undo') await checkHost(by, deployment);
  if (purpose === 'push') await by.commands.requireReachable(host);
  const { account, region } = placeOf(host);
  const where = account === null ? null : `${account}/${region}`;
  await by.sendRate.waitForSlot(where, purpose === 'undo' ? 'mustGo' : 'canWait');
}

/** An execution that was stopped, and redriven after somebody else took its host, finds out here. */
async function checkHost(by: Pick<DeliveryServices, 'hostLocks'>, deployment: Deployment): Promise<void> {
  const { host } = deployment.target;
  const { owner } = await by.hostLocks.read(host);
  if (owner === null || owner === deployment.executionArn) return;
  throw new CertferryError(
    'StaleFence',
    `this deployment no longer holds the lock of host ${host}: ${owner} does; nothing was sent`,
    { details: { host, owner } },
  );
}

/** The header of a job for this deployment, valid until the command could no longer be delivered. */
export function headerFor(deployment: Deployment, action: JobAction, now: Date): JobHeader {
  return {
    v: 1,
    action,
    deploymentId: deployment.id,
    targetId: deployment.target.id,
    fence: deployment.fence,
    expiresAt: epochSeconds(now) + deliverySeconds + clockMarginSeconds,
    ...(deployment.rollout !== null && { rollout: deployment.rollout }),
  };
}
