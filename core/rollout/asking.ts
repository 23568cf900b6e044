import { createHash } from 'node:crypto';
import { RolloutRequest } from './rollout.ts';

const daySeconds = 86_400;

/**
 * A rollout of whatever a certificate's source has now, and its name: the same all day (UTC), so that it is started once
 * a day. Events that tell of new versions are best effort (aws-facts 5): this stands behind them. It ends
 * `already_rolled_out` when nothing is new: also where a person has gone back from the source's version to another one,
 * or it was rolled back. Nobody wants to find that undone the next morning.
 */
export function dailyLook(certificate: string, now: Date): { name: string; request: RolloutRequest } {
  return {
    name: periodicName('look', certificate, Math.floor(now.getTime() / 1000 / daySeconds)),
    request: RolloutRequest.parse({ certificate, version: 'new', reason: 'daily look at its source' }),
  };
}

/** `heal-api-example-com-1f2e3d4c-490812`: of one certificate and one period, as an execution may be called. */
export function periodicName(what: string, certificate: string, period: number): string {
  const readable = certificate.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 50);
  const digest = createHash('sha256').update(certificate).digest('hex').slice(0, 8);
  return `${what}-${readable}-${digest}-${period}`;
}
