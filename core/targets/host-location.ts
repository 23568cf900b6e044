/** Where SSM knows a host. `account` and `region` are null for the stack's own. */
export interface HostLocation {
  /** What SSM's calls name it by. */
  readonly instance: string;
  readonly account: string | null;
  readonly region: string | null;
}

/** Takes `i-…`, `mi-…`, `local…` and `<account>/<region>/i-…` apart (see `Host` in `core/target/target.ts`). */
export function placeOf(host: string): HostLocation {
  const [instance = host, region = null, account = null] = host.split('/').reverse();
  return { instance, region, account };
}
