import type { LimitFunction } from 'p-limit';
import type { HostSelector, Member, RegisteredTarget } from '../../core/targets/registered.ts';
import { memberTargetId } from '../../core/targets/registered.ts';
import type { Fleet } from '../fleet/find-hosts.ts';

/** A registered target on one of its hosts. */
export interface ResolvedTarget {
  readonly id: string;
  readonly registered: RegisteredTarget;
  readonly member: Member;
}

/** A target whose hosts could not be determined. */
export interface UnresolvedTarget {
  readonly registered: RegisteredTarget;
  readonly reason: string;
}

/** `resolved` is sorted by id. */
export interface ResolvedTargets {
  readonly resolved: readonly ResolvedTarget[];
  readonly unresolved: readonly UnresolvedTarget[];
}

/** Resolves the hosts of targets. Queries each host selector once. Never throws for a target: it returns the reason. */
export async function resolveTargets(
  targets: readonly RegisteredTarget[],
  { fleet, limit }: { readonly fleet: Fleet; readonly limit: LimitFunction },
): Promise<ResolvedTargets> {
  const queries = new Map<string, Promise<readonly Member[]>>();
  const resolve = (selector: HostSelector) => {
    const key = JSON.stringify(selector);
    const query = queries.get(key) ?? limit(() => fleet.resolve(selector));
    queries.set(key, query);
    return query;
  };
  const results = await Promise.all(targets.map((registered) => resolveTarget(registered, resolve)));
  const resolved = results.flatMap((one) => ('resolved' in one ? one.resolved : []));
  return {
    resolved: resolved.sort((one, other) => (one.id < other.id ? -1 : 1)),
    unresolved: results.flatMap((one) => ('reason' in one ? [one] : [])),
  };
}

async function resolveTarget(
  registered: RegisteredTarget,
  resolve: (selector: HostSelector) => Promise<readonly Member[]>,
): Promise<{ readonly resolved: ResolvedTarget[] } | UnresolvedTarget> {
  try {
    const members = withoutQuery(registered) ?? (await resolve(registered.host));
    const resolved = members.map((member) => ({
      id: memberTargetId(registered, member.host),
      registered,
      member,
    }));
    return { resolved };
  } catch (error) {
    return { registered, reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/** A target with one host and a fixed endpoint needs no query. Null for other targets. */
function withoutQuery({ host, verify }: RegisteredTarget): readonly Member[] | null {
  if (typeof host !== 'string' || (verify !== 'none' && verify.endpoint.startsWith('{host}:'))) return null;
  return [{ host, address: null }];
}
