import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { awsStandIn } from './programs.ts';

/** moto's server on a free port of loopback. */
export interface AwsStandIn {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Starts moto. Rejects if it ends before it listens. */
export async function startAwsStandIn(): Promise<AwsStandIn> {
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    env: { PATH: process.env.PATH, PYTHONPATH: awsStandIn.folder, PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { endpoint: await listening(child), stop: () => stopped(child) };
}

async function listening(child: ChildProcess): Promise<string> {
  const lines: string[] = [];
  if (child.stderr === null) throw new Error('moto has no standard error');
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    const [endpoint] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (endpoint === undefined) continue;
    child.stderr.resume(); // each request writes a line
    return endpoint;
  }
  throw new Error(`moto ended before it listened: ${lines.join('\n')}`);
}

async function stopped(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
