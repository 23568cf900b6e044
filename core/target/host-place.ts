import type { Host } from './target.ts';

/** A host's own id, and the account and region it is in; null where those are the stack's own. */
export interface HostPlace {
  readonly id: string;
  readonly elsewhere: { readonly account: string; readonly region: string } | null;
}

export function placeOfHost(host: Host): HostPlace {
  const [account, region, id] = host.split('/');
  if (account === undefined || region === undefined || id === undefined) return { id: host, elsewhere: null };
  return { id, elsewhere: { account, region } };
}

export function hostAt(id: string, elsewhere: HostPlace['elsewhere']): Host {
  return elsewhere === null ? id : `${elsewhere.account}/${elsewhere.region}/${id}`;
}
