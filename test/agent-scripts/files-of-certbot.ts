import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { certbotLineage, type Lineage } from '../rigs/certbot-lineage.ts';
import { aTarget, type TestHost, testHost } from './run-agent.ts';

/** A target without a daemon, whose files certbot writes. */
export interface FilesOfCertbot {
  readonly folder: string;
  readonly lineage: Lineage;
  readonly host: TestHost;
  readonly target: ReturnType<typeof aTarget>;
}

/** Deploys `first` in place to such a target. */
export async function filesOfCertbot(folder: string, first: IssuedCertificate): Promise<FilesOfCertbot> {
  mkdirSync(join(folder, 'live'), { recursive: true });
  const [certPath, keyPath] = [join(folder, 'live/fullchain.pem'), join(folder, 'live/privkey.pem')];
  const lineage = certbotLineage({ certPath, keyPath });
  lineage.renew(first);
  const host = testHost(join(folder, 'home'));
  const target = aTarget('files', { certPath, keyPath, reloadCommand: ['true'] });
  await host.send('deploy', { target, version: first });
  return { folder, lineage, host, target };
}
