import { createHash } from 'node:crypto';
import { Target } from './target.ts';

/**
 * SHA-256, in hex, of where a target puts its files and how (kind, config, host): a target whose place has changed does not have
 * there what it had at the old one. Null for what is not a target.
 */
export function placeDigest(target: unknown): string | null {
  const parsed = Target.safeParse(target);
  if (!parsed.success) return null;
  const { kind, host, config } = parsed.data;
  return createHash('sha256').update(JSON.stringify({ kind, host, config })).digest('hex');
}
