import { createHash } from 'node:crypto';
import { RolloutRequest } from '../../core/rollout/rollout.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Instance, Trigger } from './read-trigger.ts';

/** One execution to start. The name follows from what is announced: announced again, it is there already. */
export interface Start {
  readonly name: string;
  readonly request: RolloutRequest;
}

type Of<Type extends Trigger['type']> = Extract<Trigger, { type: Type }>;

/**
 * One rollout for each certificate whose place has a new version. It asks the place for its latest version when it
 * starts, whichever version was announced: an announcement that comes late must not bring an older one back.
 */
export function startsForSource(
  { kind, about, reason }: Of<'place'>,
  certificates: readonly string[],
): Start[] {
  return certificates.map((certificate) => ({
    name: executionName(certificate, kind, about),
    request: requestOf({ certificate, reason }),
  }));
}

/** What somebody said, with the version if he named one: that is as if he had started the rollout himself. */
export function startForVersion({ said, about }: Of<'certificate'>): Start {
  const request = requestOf({ ...said, reason: said.reason ?? 'announced on the bus' });
  return { name: executionName(said.certificate, 'event', about), request };
}

/** Where the stack is: a group that is registered without account and region is there. */
export type Home = Omit<Instance, 'id'>;

/**
 * One rollout for each certificate that a new instance is to have, for its targets on that instance alone.
 * `hasCurrent`: certificates of which some version's rollout has ended well; the others' is whatever is latest.
 */
export function startsForInstance(
  announcement: Of<'instance'>,
  targets: readonly RegisteredTarget[],
  { home, hasCurrent }: { readonly home: Home; readonly hasCurrent: ReadonlySet<string> },
): Start[] {
  const here = targets.filter((target) => isOf(announcement.instance, target, home));
  const byCertificate = Map.groupBy(here, ({ certificate }) => certificate);
  return [...byCertificate].map(([certificate, those]) => ({
    name: executionName(certificate, 'launch', announcement.about),
    request: requestOf({
      certificate,
      version: hasCurrent.has(certificate) ? 'current' : 'latest',
      reason: announcement.reason,
      // windows are for what works: until it has a certificate this one serves nobody
      urgent: true,
      only: { targets: those.map(({ id }) => id), hosts: [hostOf(announcement.instance, home)] },
      // one instance is no wave of its own: nobody is asked about it, nothing waits, and where it fails the sweep tries
      // it again, which a rollout that waits halted for a person would keep it from
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

/** Groups of one name may be in several accounts and regions. */
function isOf({ account, region }: Instance, { host }: RegisteredTarget, home: Home): boolean {
  if (typeof host === 'string') return false;
  return (host.account ?? home.account) === account && (host.region ?? home.region) === region;
}

function hostOf({ id, account, region }: Instance, home: Home): string {
  return account === home.account && region === home.region ? id : `${account}/${region}/${id}`;
}

const longestReason = 200;

/** With every field seeded, so that the execution's input says all that it does. */
function requestOf(said: Partial<RolloutRequest> & Pick<RolloutRequest, 'reason'>): RolloutRequest {
  return RolloutRequest.parse({ ...said, reason: said.reason.slice(0, longestReason) });
}

/** Step Functions takes 80 characters, and logs only names of these. 20 hex digits keep two changes apart. */
function executionName(certificate: string, kind: string, about: readonly string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([certificate, kind, about]))
    .digest('hex');
  const readable = certificate.replace('*', 'wildcard').replaceAll(/[^A-Za-z0-9-]/g, '-');
  return `${readable.slice(0, 44)}-${kind}-${digest.slice(0, 20)}`;
}
