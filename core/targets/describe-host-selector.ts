import type { HostSelector } from './registered.ts';

/** The hosts of a registered target as text, such as `host i-…`. */
export function describeHostSelector(host: HostSelector): string {
  if (typeof host === 'string') return `host ${host}`;
  if ('autoScalingGroup' in host) return `the instances of Auto Scaling group ${host.autoScalingGroup}`;
  const tags = Object.entries(host.tags).map(([key, value]) => `${key}=${value}`);
  return `the hosts with ${tags.join(', ')}`;
}
