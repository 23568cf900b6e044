import { createHash } from 'node:crypto';
import { RolloutRequest } from './rollout.ts';

const daySeconds = 86_400;

/**
 * The daily check of a certificate's source: a rollout of its latest version. The execution name is the same all day (UTC),
 * so only the first start of a day succeeds. It makes up for lost events about new versions, which are best effort
 * (aws-facts 5). The rollout ends `already_rolled_out` if a rollout has deployed the version before, even if it was
 * rolled back since. The check never repeats a version that was rolled back.
 */
export function dailySourceCheck(certificate: string, now: Date): { name: string; request: RolloutRequest } {
  return {
    name: periodicName('check', certificate, Math.floor(now.getTime() / 1000 / daySeconds)),
    request: RolloutRequest.parse({ certificate, version: 'new', reason: 'daily check of its source' }),
  };
}

/** `heal-api-example-com-1f2e3d4c-490812`: a valid execution name for one certificate and one period. */
export function periodicName(purpose: string, certificate: string, period: number): string {
  const readable = certificate.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 50);
  const digest = createHash('sha256').update(certificate).digest('hex').slice(0, 8);
  return `${purpose}-${readable}-${digest}-${period}`;
}
