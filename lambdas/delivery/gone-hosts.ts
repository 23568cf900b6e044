import { CertferryError, isCertferryError } from '../../core/errors.ts';
import { isFunctionHost } from '../../core/targets/host-location.ts';
import type { Whereabouts } from '../../services/fleet/whereabouts.ts';
import type { PendingCommand } from '../../services/locks/pending-commands.ts';
import type { Invocation } from '../../services/ssm/commands.ts';

/** A target on one host. */
export interface TargetOnHost {
  readonly id: string;
  readonly host: string;
}

/** The service that recognises gone hosts. It never throws: a host is `present` if nothing is known. */
export interface GoneHostServices {
  readonly whereabouts: (target: TargetOnHost) => Promise<Whereabouts>;
}

type Kind = Exclude<Whereabouts['type'], 'present'>;

const errors: Readonly<Record<Kind, (message: string, host: string) => CertferryError>> = {
  terminated: (message, host) => new CertferryError('HostTerminated', message, { details: { host } }),
  deselected: (message, host) => new CertferryError('HostDeselected', message, { details: { host } }),
};

/** Whether the error reports a gone host. The state machine has a path of its own for it. */
export const isGoneHost = (error: CertferryError): boolean =>
  error.name === 'HostTerminated' || error.name === 'HostDeselected';

const allKinds: readonly Kind[] = ['terminated', 'deselected'];

/**
 * Throws HostTerminated or HostDeselected if the host of a target is gone. `kinds`: what counts. A deselected host exists, so it
 * still gets jobs that end a deployment, for example `undo`.
 */
export async function requireNotGone(
  by: GoneHostServices,
  target: TargetOnHost,
  kinds = allKinds,
): Promise<void> {
  const gone = await findGone(by, target, kinds);
  if (gone !== null) throw gone;
}

/** The error for a host that is gone; otherwise null. */
async function findGone(
  by: GoneHostServices,
  { id, host }: TargetOnHost,
  kinds = allKinds,
): Promise<CertferryError | null> {
  if (isFunctionHost(host)) return null;
  const found = await by.whereabouts({ id, host });
  if (found.type === 'present' || !kinds.includes(found.type)) return null;
  return errors[found.type](`host ${host} is gone: ${found.why}; there is nothing to deploy to`, host);
}

/** Throws the error for a gone host if SSM cannot reach the host for this reason; otherwise the error itself. */
export async function throwGoneOr(
  by: GoneHostServices,
  target: TargetOnHost,
  error: unknown,
): Promise<never> {
  if (isCertferryError(error) && error.name === 'CommandUndeliverable') await requireNotGone(by, target);
  throw error;
}

/** The status details of an invocation that no host has received. `DeliveryTimedOut` can also mean a lost result. */
const undelivered: ReadonlySet<string> = new Set(['DeliveryTimedOut', 'Undeliverable', 'Terminated']);

/**
 * The error for a command that ended without a result, because its host is gone; otherwise null. A deselected host that has
 * received the command can still report how its deployment ended.
 */
export function findGoneAfter(
  by: GoneHostServices,
  { targetId, host }: Pick<PendingCommand, 'targetId' | 'host'>,
  { status }: Pick<Invocation, 'status'>,
): Promise<CertferryError | null> {
  const target = { id: targetId, host };
  return undelivered.has(status) ? findGone(by, target) : findGone(by, target, ['terminated']);
}
