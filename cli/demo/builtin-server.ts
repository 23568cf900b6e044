import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Target } from '../../core/targets/target.ts';
import { builtFile } from '../terminal/built-files.ts';
import { type DemoServer, endProcess, serverName, verifyAt } from './demo-server.ts';

/** The target ID and host of a demo server, and the name for which it serves a certificate. */
export interface ServerIdentity {
  readonly id: string;
  readonly host: string;
  readonly serverName: string;
}

const singleServer: ServerIdentity = { id: 'demo-server', host: 'local', serverName };

/** Starts a small TLS server (`tls-server.ts`) with its own folder, which does not contain a certificate yet. */
export async function startBuiltinServer(
  scratch: string,
  identity: ServerIdentity = singleServer,
): Promise<DemoServer> {
  const folder = join(scratch, identity.id);
  mkdirSync(folder);
  const paths = { certPath: join(folder, 'fullchain.pem'), keyPath: join(folder, 'privkey.pem') };
  const ignoreReloads = join(folder, 'ignore-reloads');
  const program = builtFile('cli/tls-server.mjs');
  const args = [program, '--cert', paths.certPath, '--key', paths.keyPath, '--ignore-reloads', ignoreReloads];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await firstLine(child);
  return {
    description: `a small TLS server, process ${child.pid}, on 127.0.0.1:${port}`,
    paths,
    target: Target.parse({
      id: identity.id,
      certificate: identity.serverName,
      host: identity.host,
      kind: 'files',
      config: { ...paths, reloadCommand: ['sh', '-c', `kill -HUP ${child.pid}`] },
      verify: verifyAt(`127.0.0.1:${port}`, identity.serverName),
    }),
    ignoreReloads: () => writeFileSync(ignoreReloads, ''),
    stop: () => endProcess(child, 'SIGTERM'),
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the demo server has no standard output pipe');
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error('the demo server exited before it listened on a port. Its error message is above.');
}
