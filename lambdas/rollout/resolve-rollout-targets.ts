import pLimit from 'p-limit';
import type { Place } from '../../core/rollout/plan.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';
import { hostWords } from '../../core/targets/host-words.ts';
import { memberOf, memberTargetId, type RegisteredTarget } from '../../core/targets/registered.ts';
import type { Target } from '../../core/targets/target.ts';
import type { Fleet, FoundHost } from '../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';

interface Services {
  readonly catalogue: Pick<Catalogue, 'targets'>;
  readonly fleet: Fleet;
  readonly installed: InstalledVersions;
}

/** A certificate's targets on their hosts, as both are now. `refused`: ids of those that cannot be deployed to. */
export interface ResolvedRolloutTargets {
  readonly places: Place[];
  readonly refused: string[];
  /** Which targets have no host now, or which named hosts no target, in words; null where all have. */
  readonly unfound: string | null;
}

/** Questions to the fleet at a time: those for hosts named by their ids share calls, up to 50 of them a call. */
const atATime = 100;

/** Those of a rollout. Each selector is asked for once, however many targets say it. Throws what the services throw. */
export async function resolveRolloutTargets(
  { certificate, only, version }: Pick<Rollout, 'certificate' | 'only' | 'version'>,
  by: Services,
): Promise<ResolvedRolloutTargets> {
  const registered = (await by.catalogue.targets(certificate)).map(({ thing }) => thing);
  const asked = registered.filter(({ id }) => only?.targets?.includes(id) ?? true);
  const found = await withHosts(asked, by.fleet);
  const members = found
    .filter(({ host }) => only?.hosts?.includes(host.host) ?? true)
    .map((member) => ({ ...member, target: memberOf(member.registered, member.host) }));
  const known = await by.installed.of(members.flatMap(({ target }) => (target === null ? [] : [target.id])));
  const withVersion = [...known.values()].filter(({ fingerprint }) => fingerprint === version.fingerprint);
  const wanted = await by.installed.desiredOf(withVersion.map(({ targetId }) => targetId));
  const isOvertaken = (id: string) => (wanted.get(id) ?? null) !== version.fingerprint && wanted.has(id);
  const places = members.flatMap(({ target, host: { online }, registered: { window = null } }) =>
    target === null
      ? []
      : [
          {
            target,
            online,
            window,
            installed: known.get(target.id) ?? null,
            isOvertaken: isOvertaken(target.id),
          },
        ],
  );
  const unfound = unfoundWords(only, asked, found);
  return { places, refused: members.filter(hasNoTarget).map(idOf), unfound };
}

interface Found {
  readonly registered: RegisteredTarget;
  readonly host: FoundHost;
}

async function withHosts(targets: readonly RegisteredTarget[], fleet: Fleet): Promise<Found[]> {
  const limit = pLimit(atATime);
  const asked = new Map<string, Promise<FoundHost[]>>();
  const found = await Promise.all(
    targets.map(async (registered) => {
      const key = JSON.stringify(registered.host);
      const answer = asked.get(key) ?? limit(() => fleet.resolve(registered.host));
      asked.set(key, answer);
      return (await answer).map((host) => ({ registered, host }));
    }),
  );
  return found.flat();
}

/** Whoever mistyped a tag needs the selector; thousands of them tell no more than a few. */
const unfoundShown = 5;

function unfoundWords(
  only: Rollout['only'],
  asked: readonly RegisteredTarget[],
  found: readonly Found[],
): string | null {
  const [what, missing] =
    only?.hosts === undefined
      ? ['no host was found for', withoutHost(asked, found)]
      : ['no target was found on', withoutTarget(only.hosts, found)];
  if (missing.length === 0) return null;
  const more = missing.length - unfoundShown;
  return `${what} ${missing.slice(0, unfoundShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function withoutHost(asked: readonly RegisteredTarget[], found: readonly Found[]): string[] {
  const placed = new Set(found.map(({ registered }) => registered.id));
  return asked.filter(({ id }) => !placed.has(id)).map(({ id, host }) => `${id} (${hostWords(host)})`);
}

function withoutTarget(hosts: readonly string[], found: readonly Found[]): string[] {
  const there = new Set(found.map(({ host }) => host.host));
  return hosts.filter((host) => !there.has(host));
}

const hasNoTarget = ({ target }: { readonly target: Target | null }) => target === null;
const idOf = ({ registered, host }: Found) => memberTargetId(registered, host.host);
