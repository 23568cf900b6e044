/** The location of a host in SSM. `account` and `region` are null for those of the stack. */
export interface HostLocation {
  /** The instance id in calls of SSM. */
  readonly instance: string;
  readonly account: string | null;
  readonly region: string | null;
}

/** Splits a host id: `i-…`, `mi-…`, `local…`, `lambda` or `<account>/<region>/i-…` (see `Host` in `core/targets/target.ts`). */
export function hostLocationOf(host: string): HostLocation {
  const [instance = host, region = null, account = null] = host.split('/').reverse();
  return { instance, region, account };
}

/** The host of a target whose agent runs in a function of the stack. Such a target shares its host with no other. */
export const functionHost = 'lambda';

/** Whether a function of the stack runs the agent, so that no host is needed. */
export const isFunctionHost = (host: string): boolean => host === functionHost;
