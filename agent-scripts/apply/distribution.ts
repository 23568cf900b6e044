import { existsSync, readFileSync } from 'node:fs';
import type { Distribution } from './wanted.ts';

const families: readonly (readonly [Distribution, RegExp])[] = [
  ['debian', /\b(debian|ubuntu)\b/],
  ['rhel', /\b(rhel|fedora|centos|amzn)\b/],
  ['alpine', /\balpine\b/],
];

/** This host's family, from ID and ID_LIKE of os-release(5). */
export function hostDistribution(path = '/etc/os-release'): Distribution {
  if (!existsSync(path)) return 'other';
  const ids = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^ID(_LIKE)?=/.test(line))
    .join(' ');
  return families.find(([, pattern]) => pattern.test(ids))?.[0] ?? 'other';
}
