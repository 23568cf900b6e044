/** What the order of targets depends on. */
export interface Ordered {
  readonly target: { readonly id: string; readonly host: string };
  readonly online: boolean;
}

/**
 * The order in which targets have their turn: one of each host before a second of any, so that deployments of a wave
 * seldom wait for each other; those whose host is there first, so that no canary is a host that sleeps. Otherwise by id.
 */
export function inTurn<Place extends Ordered>(places: readonly Place[]): Place[] {
  const byId = [...places].sort((a, b) => compare(a.target.id, b.target.id));
  const onHost = new Map<string, number>();
  const ranked = byId.map((place, at) => {
    const rank = onHost.get(place.target.host) ?? 0;
    onHost.set(place.target.host, rank + 1);
    return { place, rank, at };
  });
  ranked.sort((a, b) => Number(b.place.online) - Number(a.place.online) || a.rank - b.rank || a.at - b.at);
  return ranked.map(({ place }) => place);
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));
