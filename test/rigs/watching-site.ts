import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintOfFile, pairMatches } from '../agent-scripts/disk.ts';
import type { Site } from '../contract/site.ts';
import { servedBy } from './served.ts';

/** Something that serves a pair and watches a file: a real daemon, or the stand-in for one. */
export interface Engine {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The paths of a site whose daemon watches `trigger`. */
export interface WatchedPaths {
  readonly certPath: string;
  readonly keyPath: string;
  readonly trigger: string;
}

/** Certificate and key in one folder, and in another, the one that is watched, the file that is moved last. */
export function watchedPaths(folder: string, trigger: string): WatchedPaths {
  for (const name of ['certs', 'watched']) mkdirSync(join(folder, name), { recursive: true });
  return {
    certPath: join(folder, 'certs', 'cert.pem'),
    keyPath: join(folder, 'certs', 'key.pem'),
    trigger: join(folder, 'watched', trigger),
  };
}

type Common = Pick<Site, 'liveFiles' | 'keyFile' | 'place' | 'start' | 'stop' | 'wouldStart' | 'served'>;

/** What every site of a watching daemon has. `triggerText` is what `place` writes besides the pair. */
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
    place(version) {
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
  throw new Error(`waited in vain for the certificate on port ${port}`);
}
