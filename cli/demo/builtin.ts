import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Target } from '../../core/targets/target.ts';
import { builtFile } from '../terminal/built-files.ts';
import { endProcess, type Stage, serverName, verifyAt } from './stage.ts';

/** What a server of the demo is called, and which name it answers to. */
export interface Part {
  readonly id: string;
  readonly host: string;
  readonly serverName: string;
}

const alone: Part = { id: 'demo-server', host: 'local', serverName };

/** Starts a small TLS server (`tls-server.ts`) with a folder of its own, which has no certificate yet. */
export async function startBuiltin(scratch: string, part: Part = alone): Promise<Stage> {
  const folder = join(scratch, part.id);
  mkdirSync(folder);
  const paths = { certPath: join(folder, 'fullchain.pem'), keyPath: join(folder, 'privkey.pem') };
  const stuck = join(folder, 'stuck');
  const program = builtFile('cli/tls-server.mjs');
  const args = [program, '--cert', paths.certPath, '--key', paths.keyPath, '--stuck', stuck];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const port = await firstLine(child);
  return {
    what: `a small TLS server, process ${child.pid}, on 127.0.0.1:${port}`,
    paths,
    target: Target.parse({
      id: part.id,
      certificate: part.serverName,
      host: part.host,
      kind: 'files',
      config: { ...paths, reloadCommand: ['sh', '-c', `kill -HUP ${child.pid}`] },
      verify: verifyAt(`127.0.0.1:${port}`, part.serverName),
    }),
    getStuck: () => writeFileSync(stuck, ''),
    stop: () => endProcess(child, 'SIGTERM'),
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server was started without a pipe');
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error('the demo server ended before it listened; its complaint is above');
}
