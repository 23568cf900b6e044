import pLimit from 'p-limit';
import type { RolloutTarget } from '../../core/rollout/plan-wave.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';
import { describeHostSelector } from '../../core/targets/describe-host-selector.ts';
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

/** The targets of a certificate, one for each host that matches now. `refused`: ids of targets without an address for the endpoint. */
export interface ResolvedRolloutTargets {
  readonly targets: RolloutTarget[];
  readonly refused: string[];
  /** Which targets have no host, or which selected hosts have no target; null when there are none. */
  readonly unresolved: string | null;
}

/** Parallel fleet queries. Queries for single hosts share calls, up to 50 hosts per call. */
const maximumParallelQueries = 100;

/** Resolves the targets of a rollout. Queries each host selector once. Throws what the services throw. */
export async function resolveRolloutTargets(
  { certificate, only, version }: Pick<Rollout, 'certificate' | 'only' | 'version'>,
  by: Services,
): Promise<ResolvedRolloutTargets> {
  const registered = (await by.catalogue.targets(certificate)).map(({ thing }) => thing);
  const selected = registered.filter(({ id }) => only?.targets?.includes(id) ?? true);
  const found = await withHosts(selected, by.fleet);
  const resolved = found
    .filter(({ host }) => only?.hosts?.includes(host.host) ?? true)
    .map((one) => ({ ...one, target: memberOf(one.registered, one.host) }));
  const installed = await by.installed.of(
    resolved.flatMap(({ target }) => (target === null ? [] : [target.id])),
  );
  const withVersion = [...installed.values()].filter(
    ({ fingerprint }) => fingerprint === version.fingerprint,
  );
  const requested = await by.installed.desiredOf(withVersion.map(({ targetId }) => targetId));
  const isChanging = (id: string) => (requested.get(id) ?? null) !== version.fingerprint && requested.has(id);
  const targets = resolved.flatMap(
    ({ target, host: { online, startedAt }, registered: { window = null } }) =>
      target === null
        ? []
        : [
            {
              target,
              online,
              ...(startedAt !== undefined && { startedAt }),
              window,
              installed: installed.get(target.id) ?? null,
              isChanging: isChanging(target.id),
            },
          ],
  );
  const unresolved = missingText(only, selected, found);
  return { targets, refused: resolved.filter(hasNoTarget).map(idOf), unresolved };
}

interface TargetOnHost {
  readonly registered: RegisteredTarget;
  readonly host: FoundHost;
}

async function withHosts(targets: readonly RegisteredTarget[], fleet: Fleet): Promise<TargetOnHost[]> {
  const limit = pLimit(maximumParallelQueries);
  const queries = new Map<string, Promise<FoundHost[]>>();
  const found = await Promise.all(
    targets.map(async (registered) => {
      const key = JSON.stringify(registered.host);
      const query = queries.get(key) ?? limit(() => fleet.resolve(registered.host));
      queries.set(key, query);
      return (await query).map((host) => ({ registered, host }));
    }),
  );
  return found.flat();
}

/** The text lists this many targets or hosts. A few are enough to find a mistyped tag. */
const listedMissing = 5;

function missingText(
  only: Rollout['only'],
  selected: readonly RegisteredTarget[],
  found: readonly TargetOnHost[],
): string | null {
  const [description, missing] =
    only?.hosts === undefined
      ? ['no host was found for', withoutHost(selected, found)]
      : ['no target was found on', withoutTarget(only.hosts, found)];
  if (missing.length === 0) return null;
  const more = missing.length - listedMissing;
  return `${description} ${missing.slice(0, listedMissing).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function withoutHost(selected: readonly RegisteredTarget[], found: readonly TargetOnHost[]): string[] {
  const withHost = new Set(found.map(({ registered }) => registered.id));
  return selected
    .filter(({ id }) => !withHost.has(id))
    .map(({ id, host }) => `${id} (${describeHostSelector(host)})`);
}

function withoutTarget(hosts: readonly string[], found: readonly TargetOnHost[]): string[] {
  const withTarget = new Set(found.map(({ host }) => host.host));
  return hosts.filter((host) => !withTarget.has(host));
}

const hasNoTarget = ({ target }: { readonly target: Target | null }) => target === null;
const idOf = ({ registered, host }: TargetOnHost) => memberTargetId(registered, host.host);
