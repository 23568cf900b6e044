import { createHash } from 'node:crypto';
import { RolloutRequest } from '../../core/rollout/rollout.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Instance, Trigger } from './read-trigger.ts';

/** An execution to start. The same change always has the same name, so a duplicate event starts nothing. */
export interface RolloutStart {
  readonly name: string;
  readonly request: RolloutRequest;
}

type TriggerOf<Type extends Trigger['type']> = Extract<Trigger, { type: Type }>;

/**
 * One rollout for each certificate of a source. The rollout reads the latest version of the source when it starts, so that a
 * late event never deploys an older version.
 */
export function startsForSource(
  { kind, identity, reason }: TriggerOf<'source'>,
  certificates: readonly string[],
): RolloutStart[] {
  return certificates.map((certificate) => ({
    name: executionName(certificate, kind, identity),
    request: requestOf({ certificate, reason }),
  }));
}

/** The rollout of an event of certferry, with the requested version, as if the sender had started it. */
export function startForVersion({ detail, identity }: TriggerOf<'version'>): RolloutStart {
  const request = requestOf({ ...detail, reason: detail.reason ?? 'an event on the bus certferry' });
  return { name: executionName(detail.certificate, 'event', identity), request };
}

/** Account and region of the stack: the default for groups that are registered without them. */
export type StackLocation = Omit<Instance, 'id'>;

/** A new instance, and what distinguishes this start of it from others. */
export type NewInstance = Pick<TriggerOf<'instance'>, 'instance' | 'identity' | 'reason'>;

/**
 * One rollout for each certificate of a new instance, only for the targets on that instance. It deploys the current version,
 * or the latest one if the certificate is not in `hasCurrent`.
 */
export function startsForInstance(
  { instance, identity, reason }: NewInstance,
  targets: readonly RegisteredTarget[],
  { stack, hasCurrent }: { readonly stack: StackLocation; readonly hasCurrent: ReadonlySet<string> },
): RolloutStart[] {
  const byCertificate = Map.groupBy(targets, ({ certificate }) => certificate);
  return [...byCertificate].map(([certificate, its]) => ({
    // with the targets, because a later tag may add one
    name: executionName(certificate, 'launch', [...identity, ...its.map(({ id }) => id)]),
    request: requestOf({
      certificate,
      version: hasCurrent.has(certificate) ? 'current' : 'latest',
      reason,
      // maintenance windows do not apply: the instance has no certificate yet
      urgent: true,
      only: { targets: its.map(({ id }) => id), hosts: [hostOf(instance, stack)] },
      // a failure must not leave a halted rollout behind, because that would prevent the sweep from healing the instance
      strategy: {
        waves: ['100%'],
        toleratedFailures: '100%',
        pauseSeconds: 0,
        approvalAfterWave: 0,
        onHalt: 'stop',
      },
    }),
  }));
}

/** The targets that select this instance by its tags, in its account and region. */
export function targetsWithTags(
  instance: Instance,
  tags: Readonly<Record<string, string>>,
  { stack, targets }: { readonly stack: StackLocation; readonly targets: readonly RegisteredTarget[] },
): RegisteredTarget[] {
  return targets.filter(
    (target) =>
      isInLocationOf(instance, target, stack) &&
      typeof target.host !== 'string' &&
      'tags' in target.host &&
      Object.entries(target.host.tags).every(([name, value]) => tags[name] === value),
  );
}

/** Several accounts and regions may have groups of the same name. */
export function isInLocationOf(
  { account, region }: Instance,
  { host }: RegisteredTarget,
  stack: StackLocation,
): boolean {
  if (typeof host === 'string') return false;
  return (host.account ?? stack.account) === account && (host.region ?? stack.region) === region;
}

export function hostOf({ id, account, region }: Instance, stack: StackLocation): string {
  return account === stack.account && region === stack.region ? id : `${account}/${region}/${id}`;
}

const maximumReason = 200;

/** The request has every field, so that the input of the execution is complete. */
function requestOf(fields: Partial<RolloutRequest> & Pick<RolloutRequest, 'reason'>): RolloutRequest {
  return RolloutRequest.parse({ ...fields, reason: fields.reason.slice(0, maximumReason) });
}

/** At most 80 characters, the limit of Step Functions. 20 hex digits of the digest distinguish two changes. */
function executionName(certificate: string, kind: string, identity: readonly string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([certificate, kind, identity]))
    .digest('hex');
  const readable = certificate.replace('*', 'wildcard').replaceAll(/[^A-Za-z0-9-]/g, '-');
  return `${readable.slice(0, 44)}-${kind}-${digest.slice(0, 20)}`;
}
