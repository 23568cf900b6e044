import { randomBytes } from 'node:crypto';
import type { JobHeader, OpenJob, SealedBody } from '../../../core/deployment/job.ts';
import { Target } from '../../../core/targets/target.ts';

export function aHeader(known: Partial<JobHeader> = {}): JobHeader {
  return {
    v: 1,
    action: 'deploy',
    deploymentId: 'd-1',
    targetId: 'web-1',
    fence: 7,
    expiresAt: 1_900_000_000,
    ...known,
  };
}

export function anOpenJob(known: Partial<JobHeader> = {}): OpenJob {
  return { header: aHeader({ action: 'undo', ...known }), probe: null };
}

export function aBody(bundle: Partial<SealedBody['bundle']> = {}, targetId = 'web-1'): SealedBody {
  return {
    target: Target.parse({
      id: targetId,
      certificate: 'api.example.com',
      host: 'local',
      kind: 'nginx',
      config: { certPath: '/etc/nginx/tls/fullchain.pem', keyPath: '/etc/nginx/tls/privkey.pem' },
      verify: { endpoint: '127.0.0.1:443', serverName: 'api.example.com' },
    }),
    bundle: { leaf: pemOf(900), chain: [pemOf(1200)], key: pemOf(1200), ...bundle },
  };
}

/** A PEM-shaped block of random bytes: what a seal sees of a certificate, and as hard to compress. */
export function pemOf(bytes: number): string {
  const lines =
    randomBytes(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
