import type { HostSelector } from './registered.ts';

/** Where a registered target is, for people. */
export function hostWords(host: HostSelector): string {
  if (typeof host === 'string') return `host ${host}`;
  if ('autoScalingGroup' in host) return `the instances of Auto Scaling group ${host.autoScalingGroup}`;
  const tags = Object.entries(host.tags).map(([key, value]) => `${key}=${value}`);
  return `the hosts with ${tags.join(', ')}`;
}
