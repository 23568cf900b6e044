import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ssh } from '../../agent-scripts/stores/ssh/connector.ts';
import type { AnyStoreConnector } from '../../agent-scripts/stores/stores.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import type { StoreUnderContract } from '../contract/stores/store-site.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { accounts, type Sshd, sshdNeeds, sshdVersion, startSshd } from './sshd.ts';

/**
 * A message that the client sends counts as a request, but only one in this many, so that the suite stays fast.
 * `ssh-cut.test.ts` fails each message.
 */
const messagesPerRequest = 12;

/** A server with OpenSSH under the contract of stores. `stop` ends the server that all sites of a test file share. */
export function sshStore(): { readonly under: StoreUnderContract; stop(): Promise<void> } {
  let shared: Promise<{ readonly sshd: Sshd; readonly scratch: string }> | null = null;
  let sites = 0;
  return {
    under: {
      title: 'ssh',
      kind: 'ssh',
      tested: () => `OpenSSH ${sshdVersion()}`,
      needs: sshdNeeds,
      dryRun: 'validated',
      async start() {
        shared ??= startShared();
        const { sshd } = await shared;
        sites += 1;
        return startSite(sshd, `contract-${sites}`);
      },
    },
    async stop() {
      if (shared === null) return;
      const { sshd, scratch } = await shared;
      await sshd.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

async function startShared() {
  const scratch = mkdtempSync(join(tmpdir(), 'certferry-sshd-'));
  return { sshd: await startSshd(scratch), scratch };
}

async function startSite(sshd: Sshd, name: string) {
  const proxy = await startCuttingProxy(sshd.port);
  const { here } = sshd.folderOf('deploy', name);
  const [certPath, keyPath] = [join(here, 'fullchain.pem'), join(here, 'privkey.pem')];
  const write = (path: string, text: string, mode: number): void => {
    writeFileSync(path, text, { mode });
    chownSync(path, accounts.deploy, accounts.deploy);
  };
  const inodes = (): string =>
    [certPath, keyPath].map((path) => (existsSync(path) ? statSync(path).ino : 0)).join();
  let seen = inodes();
  let replacements = 0;
  let closed = false;
  return {
    connector: ssh as unknown as AnyStoreConnector,
    config: {
      address: '127.0.0.1',
      port: proxy.port,
      user: 'deploy',
      hostKey: sshd.hostKeys.ed25519,
      privateKey: { secretId: 'ssh/deploy' },
      certPath,
      keyPath,
      validateCommand: ['test', '-s', '{cert}', '-a', '-s', '{key}'],
      reloadCommand: 'true',
    },
    credentials: { privateKey: sshd.key },
    async install(bundle: Bundle) {
      write(certPath, bundle.leaf + bundle.chain.join(''), 0o644);
      write(keyPath, bundle.key, 0o600);
    },
    installed: async () => pairIn(certPath, keyPath),
    objects: async () => readdirSync(here).sort(),
    requests() {
      const now = inodes();
      if (now !== seen) replacements += 1;
      seen = now;
      return { all: Math.ceil(proxy.messages() / messagesPerRequest), changing: replacements };
    },
    failFrom: (request: number | null) =>
      proxy.failFrom(request === null ? null : (request - 1) * messagesPerRequest + 1),
    async close() {
      if (!closed) await proxy.stop();
      closed = true;
    },
  };
}

/** @throws Error if the key belongs to another leaf, or one of the files is missing */
function pairIn(certPath: string, keyPath: string): Bundle | null {
  if (!existsSync(certPath) && !existsSync(keyPath)) return null;
  const [text, key] = [readFileSync(certPath, 'utf8'), readFileSync(keyPath, 'utf8')];
  const [leaf = '', ...chain] = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g) ?? [];
  if (!new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key)))
    throw new Error('the key belongs to another leaf');
  return { leaf, chain, key };
}
