import { createHash } from 'node:crypto';
import { Target } from './target.ts';

/**
 * SHA-256, in hex, of kind, config and host of a target. If it changes, the version that was installed before is not
 * installed at the new location. Null for a value that is not a target.
 */
export function installationDigest(target: unknown): string | null {
  const parsed = Target.safeParse(target);
  if (!parsed.success) return null;
  const { kind, host, config } = parsed.data;
  return createHash('sha256').update(JSON.stringify({ kind, host, config })).digest('hex');
}
