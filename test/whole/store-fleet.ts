import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, createServer, type SecureContextOptions, type Server } from 'node:tls';
import { account } from '../fakes/big-ip/big-ip.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { startBigIp } from '../rigs/big-ip.ts';
import { readStore, storePassword } from '../rigs/keystore-site.ts';
import { namespace, readSecret, secretName, startStrictCluster, tokens } from '../rigs/kubernetes.ts';
import { servedBy } from '../rigs/served.ts';
import { startSshd } from '../rigs/sshd.ts';

export const certificate = 'www.example.test';

/** What an endpoint serves at this moment: PEM, or null if its store is still empty. */
type Installed = () => Promise<SecureContextOptions | null>;

/**
 * One target of each kind that local mode can reach without AWS, with an endpoint that serves what the store of the target
 * has: SSH from a function and from this machine, a Kubernetes Secret, a BIG-IP, and a keystore on this machine.
 */
export async function startStoreFleet(folder: string) {
  chmodSync(folder, 0o755);
  const [sshdFolder, credentials, keystores] = ['server', 'credentials', 'keystores'].map((name) => {
    mkdirSync(join(folder, name), { mode: 0o700 });
    return join(folder, name);
  }) as [string, string, string];
  const [sshd, cluster, bigIp] = await Promise.all([
    startSshd(sshdFolder),
    startStrictCluster(),
    startBigIp(),
  ]);
  const first = await aVersion();
  const values = {
    'ssh-key': sshd.encryptedKey,
    'ssh-passphrase': sshd.passphrase,
    'ssh-password': sshd.password,
    'cluster-token': tokens.deployer,
    'device-password': account.password,
    'store-password': storePassword,
  };
  const file = (name: keyof typeof values) => ({ file: join(credentials, name) });
  for (const [name, value] of Object.entries(values))
    writeFileSync(join(credentials, name), value, { mode: 0o600 });

  const remote = sshd.folderOf('deploy', 'remote').here;
  const jailed = sshd.folderOf('jailed', 'files');
  const keystorePath = join(keystores, 'server.p12');
  const sshTo = (user: string, path: string) => ({
    ...{ address: '127.0.0.1', port: sshd.port, user, hostKey: sshd.hostKeys.ed25519 },
    ...{ certPath: join(path, 'fullchain.pem'), keyPath: join(path, 'privkey.pem') },
  });
  const stores = {
    'ssh-lambda': {
      host: 'lambda',
      kind: 'ssh',
      config: {
        ...sshTo('deploy', remote),
        privateKey: file('ssh-key'),
        passphrase: file('ssh-passphrase'),
        validateCommand: ['test', '-s', '{cert}', '-a', '-s', '{key}'],
        reloadCommand: 'true',
      },
      installed: async () => pairIn(remote),
    },
    'ssh-local': {
      host: 'local',
      kind: 'ssh',
      config: { ...sshTo('jailed', jailed.there), password: file('ssh-password') },
      installed: async () => pairIn(jailed.here),
    },
    cluster: {
      host: 'lambda',
      kind: 'k8ssecret',
      config: {
        ...{ namespace, secret: secretName, access: 'token', server: cluster.url, ca: cluster.ca },
        token: file('cluster-token'),
      },
      installed: async () => {
        const { data } = (await readSecret(cluster)) ?? {};
        const pem = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
        return data === undefined ? null : { cert: pem('tls.crt'), key: pem('tls.key') };
      },
    },
    device: {
      host: 'lambda',
      kind: 'f5',
      config: { ...bigIp.config, password: file('device-password') },
      installed: async () => {
        const { files, profiles } = bigIp.device.running;
        const [entry = {}] = profiles.get('/Common/www')?.certKeyChain ?? [];
        const text = (kind: 'ssl-cert' | 'ssl-key', path = '') => files[kind].get(path)?.text ?? '';
        const cert = text('ssl-cert', entry.cert) + text('ssl-cert', entry.chain);
        return { cert, key: text('ssl-key', entry.key) };
      },
    },
    keystore: {
      host: 'local',
      kind: 'javakeystore',
      config: {
        ...{ keystorePath, alias: 'server', storePassword: file('store-password') },
        reloadCommand: 'true',
      },
      installed: async () => entryIn(keystorePath),
    },
  } as const;
  const endpoints = await Promise.all(
    Object.entries(stores).map(async ([id, { installed, ...target }]) => {
      const server = await serve(installed, { cert: first.fullchainPem, key: first.keyPem });
      return { id, server, target };
    }),
  );
  const targets = endpoints.map(({ id, server, target }) => ({
    ...{ id, certificate, ...target },
    verify: {
      endpoint: `127.0.0.1:${portOf(server)}`,
      serverName: certificate,
      ...{ attempts: 2, initialBackoffSeconds: 1 },
    },
  }));
  const targetsFile = join(folder, 'targets.json');
  writeFileSync(targetsFile, JSON.stringify({ targets }));
  return {
    ...{ bigIp, targetsFile },
    /** The values of the credentials of all targets. */
    secrets: Object.values(values),
    replaceCredential: (name: keyof typeof values, value: string) =>
      writeFileSync(join(credentials, name), value),
    ids: endpoints.map(({ id }) => id),
    served: () => Promise.all(endpoints.map(({ server }) => servedBy(portOf(server)))),
    async stop() {
      for (const { server } of endpoints) server.close();
      await Promise.all([sshd.stop(), cluster.close(), bigIp.close()]);
    },
  };
}

/** A TLS endpoint that reads its store with every handshake. Before the first deployment it serves `fallback`. */
async function serve(installed: Installed, fallback: SecureContextOptions): Promise<Server> {
  const server = createServer({
    SNICallback: (_, done) => {
      installed().then(
        (pair) => done(null, createSecureContext(pair ?? fallback)),
        (error: Error) => done(error),
      );
    },
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

function pairIn(folder: string): SecureContextOptions | null {
  const [cert, key] = ['fullchain.pem', 'privkey.pem'].map((name) => join(folder, name)) as [string, string];
  return existsSync(cert) ? { cert: readFileSync(cert), key: readFileSync(key) } : null;
}

function entryIn(path: string): SecureContextOptions | null {
  if (!existsSync(path)) return null;
  const entry = readStore(path);
  if (entry === null) throw new Error(`${path} has no entry`);
  const pem = entry.chain.map(
    (der) =>
      `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`,
  );
  return { cert: pem.join(''), key: entry.key.export({ format: 'pem', type: 'pkcs8' }) };
}
