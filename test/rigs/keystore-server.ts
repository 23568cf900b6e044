// A server that watches a keystore, as the manual of Elasticsearch describes. It reads the store with certferry's reader and
// therefore cannot show that Java reads it: test/core/keystore/foreign-programs.test.ts and the Tomcat rig do.
import { X509Certificate } from 'node:crypto';
import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { freePort } from '../../cli/demo/free-port.ts';
import type { DaemonUnderContract, Site } from '../contract/site.ts';
import { keystoreSite, readStore } from './keystore-site.ts';
import { servedBy } from './served.ts';

/** For tests that kill the agent many times: a JVM would need seconds for each. */
export const keystoreStandIn: DaemonUnderContract = {
  kind: 'javakeystore',
  title: 'javakeystore (a stand-in that watches as documented)',
  needs: [],
  version: () => '',
  site: watchedSite,
};

async function watchedSite(folder: string): Promise<Site> {
  const port = await freePort();
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const keystorePath = join(folder, 'tls', 'keystore.p12');
  let server: Server | null = null;
  let watcher: FSWatcher | null = null;
  const load = () => server?.setSecureContext(contextOf(keystorePath));
  return {
    ...keystoreSite(keystorePath),
    config: {
      keystorePath,
      alias: 'server',
      storePassword: { file: '/unused' },
      preset: 'elasticsearch',
      validateCommand: ['true'],
    },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test' },
    start() {
      const started = createServer(contextOf(keystorePath));
      server = started;
      watcher = watch(dirname(keystorePath), (event, name) => {
        if (event === 'rename' && name === basename(keystorePath)) load();
      });
      return new Promise((resolve, reject) => {
        started.once('error', reject);
        started.listen(port, '127.0.0.1', resolve);
      });
    },
    async stop() {
      watcher?.close();
      const stopped = server;
      server = null;
      if (stopped?.listening) await new Promise<void>((resolve) => stopped.close(() => resolve()));
    },
    served: () => servedBy(port),
    makeCheckRefuse: null,
    failOnce: () => ({}),
    ineffectiveReload: {},
  };
}

function contextOf(path: string): { cert: string; key: string } {
  const entry = readStore(path);
  if (entry === null) throw new Error(`${path} has no entry`);
  return {
    cert: entry.chain.map((certificate) => new X509Certificate(certificate).toString()).join(''),
    key: entry.key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}
