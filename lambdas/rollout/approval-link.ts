import { createHash, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import { RolloutId } from '../../core/rollout/rollout.ts';

/** Parameters of an approval link. The form on the approval page sends them too. */
export const LinkParts = z.object({
  rollout: RolloutId,
  wave: z.coerce.number().check(z.int(), z.gte(1)),
  secret: z.string().check(z.minLength(1), z.maxLength(200)),
});
export type LinkParts = z.infer<typeof LinkParts>;

/** The approval link; null when the stack has no URL for approvals. */
export function approvalLink(url: string | undefined, { rollout, wave, secret }: LinkParts): string | null {
  if (url === undefined) return null;
  const link = new URL(url);
  link.search = new URLSearchParams({ rollout, wave: String(wave), secret }).toString();
  return link.href;
}

/** Whether `secretHash` (SHA-256, hex) belongs to the secret. The comparison takes constant time. */
export function isSecretOf(secretHash: string, secret: string): boolean {
  const [expected, actual] = [Buffer.from(secretHash, 'hex'), createHash('sha256').update(secret).digest()];
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
