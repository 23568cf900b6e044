/** The location of a host in SSM. `account` and `region` are null for those of the stack. */
export interface HostLocation {
  /** The instance id in calls of SSM. */
  readonly instance: string;
  readonly account: string | null;
  readonly region: string | null;
}

/** Splits a host id: `i-…`, `mi-…`, `local…` or `<account>/<region>/i-…` (see `Host` in `core/targets/target.ts`). */
export function hostLocationOf(host: string): HostLocation {
  const [instance = host, region = null, account = null] = host.split('/').reverse();
  return { instance, region, account };
}
