import { existsSync, readFileSync } from 'node:fs';

/** Families of distributions whose packages use the same users and paths. */
export type Distribution = 'debian' | 'rhel' | 'alpine' | 'other';

const families: readonly (readonly [Distribution, RegExp])[] = [
  ['debian', /\b(debian|ubuntu)\b/],
  ['rhel', /\b(rhel|fedora|centos|amzn)\b/],
  ['alpine', /\balpine\b/],
];

/** Family of this host's distribution, from ID and ID_LIKE in os-release(5). */
export function hostDistribution(path = '/etc/os-release'): Distribution {
  if (!existsSync(path)) return 'other';
  const ids = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^ID(_LIKE)?=/.test(line))
    .join(' ');
  return families.find(([, pattern]) => pattern.test(ids))?.[0] ?? 'other';
}
