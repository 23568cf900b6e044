import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOfFile, pairMatches } from '../agent-scripts/disk.ts';
import type { Site } from '../contract/site.ts';
import { servedBy } from './served.ts';

/** A real daemon or a stand-in that watches a file and serves a certificate. */
export interface Engine {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Paths of a site whose daemon watches `trigger`. */
export interface WatchedPaths {
  readonly certPath: string;
  readonly keyPath: string;
  readonly trigger: string;
}

/** Certificate and key in one folder; the trigger, which is moved last, in another folder that is watched. */
export function watchedPaths(folder: string, trigger: string): WatchedPaths {
  for (const name of ['certs', 'watched']) mkdirSync(join(folder, name), { recursive: true });
  return {
    certPath: join(folder, 'certs', 'cert.pem'),
    keyPath: join(folder, 'certs', 'key.pem'),
    trigger: join(folder, 'watched', trigger),
  };
}

type Common = Pick<
  Site,
  'liveFiles' | 'keyFile' | 'installByHand' | 'start' | 'stop' | 'wouldStart' | 'served'
>;

/** The common part of sites whose daemon watches files. `triggerText` is the content of the trigger. */
export function watchingSite(
  { certPath, keyPath, trigger }: WatchedPaths,
  port: number,
  engine: Engine,
  triggerText: string,
): Common {
  const served = (): Promise<string> => servedBy(port);
  const wouldStart = (): boolean =>
    [certPath, keyPath, trigger].every((path) => existsSync(path)) && pairMatches(certPath, keyPath);
  return {
    liveFiles: [certPath, keyPath, trigger],
    keyFile: keyPath,
    installByHand(version) {
      writeFileSync(certPath, version.fullchainPem);
      writeFileSync(keyPath, version.keyPem, { mode: 0o600 });
      writeFileSync(trigger, triggerText);
    },
    async start() {
      await engine.start();
      if (wouldStart()) await until(async () => (await served()) === fingerprintOfFile(certPath), port);
    },
    stop: () => engine.stop(),
    wouldStart,
    served,
  };
}

async function until(condition: () => Promise<boolean>, port: number): Promise<void> {
  for (let round = 0; round < 12_000; round += 1) {
    if (await condition().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`timed out while waiting for the certificate on port ${port}`);
}
