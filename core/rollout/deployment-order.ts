import { isFunctionHost } from '../targets/host-location.ts';

/** The properties of a target that determine the order. */
export interface Orderable {
  readonly target: { readonly id: string; readonly host: string };
  readonly online: boolean;
}

/**
 * The order of deployments. Targets of online hosts come first, so that the canary is not an offline host. One target of
 * each host comes before a second one of any host, so that deployments of a wave rarely wait for each other. Targets with
 * `host: lambda` never wait for each other. Then by id.
 */
export function inDeploymentOrder<Item extends Orderable>(items: readonly Item[]): Item[] {
  const byId = [...items].sort((a, b) => compare(a.target.id, b.target.id));
  const onHost = new Map<string, number>();
  const ranked = byId.map((item, at) => {
    const { id, host } = item.target;
    const place = isFunctionHost(host) ? `${host} ${id}` : host;
    const rank = onHost.get(place) ?? 0;
    onHost.set(place, rank + 1);
    return { item, rank, at };
  });
  ranked.sort((a, b) => Number(b.item.online) - Number(a.item.online) || a.rank - b.rank || a.at - b.at);
  return ranked.map(({ item }) => item);
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));
