import { epochSeconds } from '../../core/clock.ts';
import type { Baseline } from '../../core/deployment/baseline.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import type { JobAction, JobHeader } from '../../core/deployment/job.ts';
import { CertferryError, isCertferryError } from '../../core/errors.ts';
import { hostLocationOf, isFunctionHost } from '../../core/targets/host-location.ts';
import { isStoreKind } from '../../core/targets/kinds/kinds.ts';
import { isMemberId } from '../../core/targets/member-id.ts';
import type { Target } from '../../core/targets/target.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import type { HostLocks } from '../../services/locks/host-locks.ts';
import type { LockItem, LockOwnership } from '../../services/locks/lock-item.ts';
import type { PendingCommand, Purpose } from '../../services/locks/pending-commands.ts';
import type { Agent } from '../../services/ssm/commands.ts';
import type { SendRate } from '../../services/ssm/send-rate.ts';
import { type Completion, type CompletionServices, completeIfEnded } from './complete-command.ts';
import { requireNotGone, throwGoneOr } from './gone-hosts.ts';

/** The services that sending a job requires. */
export interface DeliveryServices extends CompletionServices {
  readonly hostLocks: HostLocks;
  readonly sendRate: SendRate;
}

/**
 * A job that is ready to be sent. `text` is the parameter of the command. `warnings`: about the bundle in it; they become part of the
 * result, because the host does not judge the bundle. `baseline`: what the endpoint served while the job was prepared.
 */
export interface PreparedJob {
  readonly action: JobAction;
  readonly text: string;
  readonly warnings?: readonly string[];
  readonly baseline?: Baseline | null;
}

/**
 * One job on behalf of a waiting state. `prepare` is called only if no job was sent for that state before. The lock shows
 * whether the deployment has a baseline.
 */
export interface Delivery {
  readonly deployment: Deployment;
  readonly taskToken: string;
  readonly purpose: Purpose;
  readonly probe?: PendingCommand['probe'];
  readonly prepare: (lock: LockItem) => Promise<PreparedJob>;
}

/**
 * Sends a job once (`services/locks/pending-commands.ts` explains how a retry finds the job that was sent). Then it asks SSM
 * once whether the command has ended: the event may have arrived before the command was stored.
 *
 * Throws StaleFence if the deployment no longer holds its locks, and HostTerminated or HostDeselected if the host is gone. Throws
 * CommandUndeliverable if the host of a push is unreachable, SendPaced if too many commands wait, and any error of `prepare` or of sending.
 */
export async function deliver(by: DeliveryServices, delivery: Delivery): Promise<Completion> {
  const lock = await heldLock(by, delivery.deployment);
  const key = keyOf(delivery, lock);
  const sent = lock.pending?.key === key ? await findSentCommand(by, lock, delivery.taskToken) : null;
  const command = sent ?? (await send(by, { key, lock }, delivery).catch(orGone(by, delivery.deployment)));
  return completeIfEnded(by, command);
}

const orGone =
  (by: DeliveryServices, { target }: Deployment) =>
  (error: unknown): Promise<never> =>
    throwGoneOr(by, target, error);

/** The same key for every retry of one state; another key if the state is entered again, for a new round or a new probe. */
export function keyOf(
  { purpose, deployment, probe }: Pick<Delivery, 'purpose' | 'deployment' | 'probe'>,
  lock: LockItem,
) {
  return [purpose, deployment.id, lock.enrolments, probe?.attempt ?? 0].join(':');
}

/** The deployment's lock. Throws StaleFence if another execution holds it: the host would refuse the job. */
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

async function findSentCommand(by: DeliveryServices, { pending }: LockItem, taskToken: string) {
  return pending?.commandId ? by.pending.replaceToken(pending.commandId, taskToken) : null;
}

/** `lock`: the lock of the target before this attempt. Without a pending job, no job of this deployment was sent before. */
interface Attempt {
  readonly key: string;
  readonly lock: LockItem;
}

async function send(by: DeliveryServices, attempt: Attempt, delivery: Delivery): Promise<PendingCommand> {
  const { key, lock } = attempt;
  const { deployment, taskToken, purpose, probe = null } = delivery;
  const { id: deploymentId, executionArn, fence, target } = deployment;
  await waitToSend(by, delivery);
  const { action, text, warnings = [], baseline } = await delivery.prepare(lock);
  const ownership = { targetId: target.id, executionArn, fence };
  if (!(await by.pending.intend(ownership, key, baseline))) staleFence(deployment);

  const sentAt = by.clock.now().toISOString();
  const comment = `certferry ${action} ${deploymentId}`;
  const commandId = await by.commands
    .send({ host: target.host, job: text, comment, agent: agentFor(delivery) })
    .catch((error: unknown) => withdrawRefused(by, { ...attempt, ownership }, error));
  const about = { commandId, targetId: target.id, deploymentId, executionArn, fence, host: target.host };
  const command: PendingCommand = {
    ...about,
    ...{ purpose, action, taskToken, sentAt, probe },
    ...(lock.pending?.key === key && { mayRepeat: true }),
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  };
  if (!(await by.pending.markSent(command, key))) staleFence(deployment);
  return command;
}

/** A probe and the commands of an operator need nothing of a store, so the smaller agent serves them. */
function agentFor({ purpose, deployment }: Delivery): Agent {
  const needsStore = purpose !== 'probe' && purpose !== 'onDeployed';
  return isStoreKind(deployment.target.kind) && needsStore ? 'stores' : 'files';
}

/** SSM has refused the command: nothing was sent, unless an earlier attempt sent a job. Throws the error. */
async function withdrawRefused(
  by: Pick<DeliveryServices, 'pending'>,
  { key, lock, ownership }: Attempt & { readonly ownership: LockOwnership },
  error: unknown,
): Promise<never> {
  const isRefused = isCertferryError(error) && error.name === 'CommandUndeliverable';
  if (isRefused && lock.pending === null) await by.pending.withdraw(ownership, key);
  throw error;
}

/**
 * An undo job is always sent: an unreachable host may come back before the command expires, and a host with another owner
 * performs one job at a time. A function of the stack is always reachable, has no lock and no maximum rate.
 */
async function waitToSend(
  by: DeliveryServices,
  { purpose, deployment }: Pick<Delivery, 'purpose' | 'deployment'>,
): Promise<void> {
  const { host } = deployment.target;
  if (isFunctionHost(host)) return;
  if (purpose !== 'undo') await checkHost(by, deployment);
  await checkPresence(by, { purpose, deployment });
  if (purpose === 'push') await by.commands.requireReachable(host);
  const { account, region } = hostLocationOf(host);
  const where = account === null ? null : `${account}/${region}`;
  await by.sendRate.waitForSlot(where, purpose === 'undo' ? 'mustGo' : 'canWait');
}

/** Detects that another execution took over the host while this one was stopped, before its redrive. */
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

/** The header of a job for this deployment, valid until no host can still be about to start it. */
export function headerFor(
  deployment: Pick<Deployment, 'id' | 'fence' | 'rollout'> & { readonly target: Pick<Target, 'id'> },
  action: JobAction,
  now: Date,
): JobHeader {
  return {
    v: 1,
    action,
    deploymentId: deployment.id,
    targetId: deployment.target.id,
    fence: deployment.fence,
    expiresAt: epochSeconds(now) + timeBudgets.job,
    ...(deployment.rollout !== null && { rollout: deployment.rollout }),
  };
}

/**
 * A host may leave its fleet between the plan of a wave and the delivery, and still be online: for example while its group
 * drains it. A target that names its host is checked only if the host is unreachable.
 */
async function checkPresence(
  by: DeliveryServices,
  { purpose, deployment: { target } }: Pick<Delivery, 'purpose' | 'deployment'>,
): Promise<void> {
  if (purpose === 'probe') return;
  if (purpose !== 'push') return requireNotGone(by, target, ['terminated']);
  if (isMemberId(target.id)) await requireNotGone(by, target);
}
