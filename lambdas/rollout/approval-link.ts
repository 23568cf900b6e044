import { createHash, timingSafeEqual } from 'node:crypto';
import * as z from 'zod/mini';
import { RolloutId } from '../../core/rollout/rollout.ts';

/** What a link in a message says, and the form of its page says again. */
export const LinkParts = z.object({
  rollout: RolloutId,
  wave: z.coerce.number().check(z.int(), z.gte(1)),
  secret: z.string().check(z.minLength(1), z.maxLength(200)),
});
export type LinkParts = z.infer<typeof LinkParts>;

/** The link; null where no address answers links. */
export function approvalLink(url: string | undefined, { rollout, wave, secret }: LinkParts): string | null {
  if (url === undefined) return null;
  const link = new URL(url);
  link.search = new URLSearchParams({ rollout, wave: String(wave), secret }).toString();
  return link.href;
}

/** Whether it is the secret of that SHA-256 (hex); takes as long for any secret. */
export function isSecretOf(secretHash: string, secret: string): boolean {
  const [known, given] = [Buffer.from(secretHash, 'hex'), createHash('sha256').update(secret).digest()];
  return known.length === given.length && timingSafeEqual(known, given);
}
