import * as z from 'zod/mini';
import type { Desired, StoreAccess } from '../../../agent-scripts/stores/store.ts';
import { factsOfPem } from '../../../core/certificate/facts.ts';
import { SshConfig } from '../../../core/targets/kinds/ssh.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import type { Account, Sshd } from '../../rigs/sshd.ts';

export type SshInput = Partial<z.input<typeof SshConfig>>;

interface Options {
  readonly user?: Account | 'root';
  readonly config?: SshInput;
  readonly credentials?: Readonly<Record<string, string>>;
  readonly recorded?: readonly unknown[];
  readonly deploymentId?: string;
  readonly targetId?: string;
  readonly signal?: AbortSignal;
}

/** What the connector gets for a job with a target on this server. Default: logs in as deploy with a key. */
export function sshAccess(sshd: Sshd, options: Options = {}): StoreAccess<'ssh'> {
  const { user = 'deploy', config = {}, credentials = { privateKey: sshd.key }, recorded = [] } = options;
  return {
    config: z.parse(SshConfig, {
      address: '127.0.0.1',
      port: sshd.port,
      user,
      hostKey: sshd.hostKeys.ed25519,
      privateKey: { secretId: 'ssh/deploy' },
      passphrase: { secretId: 'ssh/deploy', field: 'passphrase' },
      userCertificate: { parameter: '/ssh/certificate' },
      certPath: '/nowhere/fullchain.pem',
      keyPath: '/nowhere/privkey.pem',
      ...config,
    }),
    targetId: options.targetId ?? 'web-1',
    deploymentId: options.deploymentId ?? 'deploy-1',
    certificate: 'www.example.test',
    credentials,
    previous: { find: async () => null },
    recorded,
    signal: options.signal ?? new AbortController().signal,
  };
}

/** A fresh version with its bundle. */
export async function desiredOf(): Promise<Extract<Desired<never>, { kind: 'bundle' }>> {
  const { certPem, chainPem, fullchainPem, keyPem } = await aVersion();
  const version = factsOfPem(fullchainPem);
  if (version === null) throw new Error('the fixture has no certificate');
  return { kind: 'bundle', bundle: { leaf: certPem, chain: [chainPem], key: keyPem }, version };
}
