import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readBundle } from '../../core/certificate/read-bundle.ts';
import { Target } from '../../core/targets/target.ts';
import type { LocalDeployRequest } from '../../local/backend/run-deployment.ts';
import type { IssuedCertificate } from '../fixtures/certificates.ts';
import { scratch } from './scratch.ts';

const serverFile = resolve(import.meta.dirname, '../../cli/demo/tls-server.ts');

/** A TLS server of its own process with a folder for its files, and the target that reaches it. */
export interface ServedTarget {
  readonly folder: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** While this file exists the server takes the signal to read again, and does not. */
  readonly stuckPath: string;
  target(changes?: {
    id?: string;
    config?: object;
    verify?: object | 'none';
    onDeployed?: readonly (readonly string[])[] | undefined;
  }): Target;
  close(): Promise<void>;
}

export async function aServedTarget(): Promise<ServedTarget> {
  const folder = scratch();
  const [certPath, keyPath, stuckPath] = ['fullchain.pem', 'privkey.pem', 'stuck'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const server = spawn(
    process.execPath,
    [serverFile, '--cert', certPath, '--key', keyPath, '--ignore-reloads', stuckPath],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const failed = once(server, 'exit').then(([code]) => {
    throw new Error(`the TLS server exited with ${code} before it listened`);
  });
  const [port] = (await Promise.race([once(server.stdout, 'data'), failed])) as [Buffer];
  return {
    folder,
    certPath,
    keyPath,
    stuckPath,
    target: ({ id = 'web-1', config = {}, verify = {}, onDeployed } = {}) =>
      Target.parse({
        id,
        certificate: 'www.example.test',
        host: 'local',
        kind: 'files',
        ...(onDeployed && { onDeployed }),
        config: { certPath, keyPath, reloadCommand: ['kill', '-HUP', String(server.pid)], ...config },
        verify:
          verify === 'none'
            ? verify
            : {
                endpoint: `127.0.0.1:${Number(port.toString())}`,
                serverName: 'www.example.test',
                attempts: 2,
                maxBackoffSeconds: 1,
                ...verify,
              },
      }),
    close: () => ended(server),
  };
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill();
  await once(server, 'exit');
}

/** The request that `certferry deploy` makes for a version. */
export function deploying(target: Target, version: IssuedCertificate): LocalDeployRequest {
  return {
    target,
    action: 'deploy',
    version: {
      secret: { certificate: version.certPem, chain: version.chainPem, privateKey: version.keyPem },
      fingerprint: readBundle({ certificate: version.fullchainPem, key: version.keyPem }, new Date()).facts
        .fingerprint,
    },
  };
}

/** Makes the server go on serving what it has. */
export function makeStuck({ stuckPath }: ServedTarget): void {
  writeFileSync(stuckPath, '');
}
