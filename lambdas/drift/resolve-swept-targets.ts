import type { LimitFunction } from 'p-limit';
import type { HostSelector, Member, RegisteredTarget } from '../../core/targets/registered.ts';
import { memberTargetId } from '../../core/targets/registered.ts';
import type { Fleet } from '../../services/fleet/find-hosts.ts';

/** One target on one of its hosts. */
export interface ResolvedTarget {
  readonly id: string;
  readonly registered: RegisteredTarget;
  readonly member: Member;
}

/** A target whose hosts could not be found out. */
export interface Unresolved {
  readonly registered: RegisteredTarget;
  readonly why: string;
}

/** Every member of every target in the order of their ids. */
export interface Members {
  readonly members: readonly ResolvedTarget[];
  readonly unresolved: readonly Unresolved[];
}

/** Each selector is asked for once, however many targets it is said for. Never throws for a target: it says why. */
export async function resolveSweptTargets(
  targets: readonly RegisteredTarget[],
  { fleet, limit }: { readonly fleet: Fleet; readonly limit: LimitFunction },
): Promise<Members> {
  const asked = new Map<string, Promise<readonly Member[]>>();
  const resolve = (selector: HostSelector) => {
    const key = JSON.stringify(selector);
    const answer = asked.get(key) ?? limit(() => fleet.resolve(selector));
    asked.set(key, answer);
    return answer;
  };
  const settled = await Promise.all(targets.map((registered) => resolved(registered, resolve)));
  const members = settled.flatMap((one) => ('members' in one ? one.members : []));
  return {
    members: members.sort((one, other) => (one.id < other.id ? -1 : 1)),
    unresolved: settled.flatMap((one) => ('why' in one ? [one] : [])),
  };
}

async function resolved(
  registered: RegisteredTarget,
  resolve: (selector: HostSelector) => Promise<readonly Member[]>,
): Promise<{ readonly members: ResolvedTarget[] } | Unresolved> {
  try {
    const found = needsNobody(registered) ?? (await resolve(registered.host));
    const members = found.map((member) => ({
      id: memberTargetId(registered, member.host),
      registered,
      member,
    }));
    return { members };
  } catch (error) {
    return { registered, why: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/** A host that is named, behind an endpoint that is: nobody has to be asked about it. */
function needsNobody({ host, verify }: RegisteredTarget): readonly Member[] | null {
  if (typeof host !== 'string' || (verify !== 'none' && verify.endpoint.startsWith('{host}:'))) return null;
  return [{ host, address: null }];
}
