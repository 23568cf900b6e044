import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import {
  type LocalBackend,
  type LocalBackendOptions,
  openLocalBackend,
} from '../../local/backend/local-backend.ts';
import type { LocalDeploymentResult } from '../../local/backend/run-deployment.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { scratch } from './scratch.ts';
import { aServedTarget, deploying, type ServedTarget } from './served-target.ts';

/** A state folder and a served target of its own for each test; ferries are closed after it. */
export interface Harbour {
  readonly served: ServedTarget;
  readonly stateDir: string;
  open(parts?: Omit<LocalBackendOptions, 'stateDir'>): Promise<LocalBackend>;
  /** A ferry whose host is enrolled and has a first version. */
  openEnrolled(): Promise<{ ferry: LocalBackend; first: IssuedCertificate }>;
}

export function useHarbour(): () => Harbour {
  let harbour: Harbour;
  let ferries: LocalBackend[] = [];
  beforeEach(async () => {
    const [served, stateDir] = [await aServedTarget(), join(scratch(), 'state')];
    const open = async (parts: Omit<LocalBackendOptions, 'stateDir'> = {}) => {
      const ferry = await openLocalBackend({ stateDir, ...parts });
      ferries.push(ferry);
      return ferry;
    };
    harbour = {
      served,
      stateDir,
      open,
      async openEnrolled() {
        const [ferry, first] = [await open(), await aVersion()];
        const { output } = await ferry.deploy(deploying(served.target(), first));
        expect(output.outcome).toBe('deployed');
        return { ferry, first };
      },
    };
  });
  afterEach(async () => {
    for (const ferry of ferries) await ferry.close();
    ferries = [];
    await harbour.served.close();
  });
  return () => harbour;
}

/** What `deploy-many.ts` tells of an end. */
export interface Told {
  readonly executionName: string;
  readonly output: LocalDeploymentResult['output'];
}

/** A certferry process of its own that carries the request in a file `count` times at once. */
export function spawnDeployments(stateDir: string, request: string, count: number) {
  const program = join(import.meta.dirname, 'deploy-many.ts');
  return spawn(process.execPath, [program, stateDir, request, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The same, to its end. */
export async function deployInProcess(stateDir: string, request: string, count: number): Promise<Told[]> {
  const child = spawnDeployments(stateDir, request, count);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  const told = text.split('\n').filter((line) => line.startsWith('{"executionName"'));
  return told.map((line) => JSON.parse(line) as Told);
}

/** Waits until the process says that a state was entered; gives the execution's name. */
export async function enteredBy(child: ReturnType<typeof spawnDeployments>, stateDir: string, state: string) {
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    if (chunk.toString().includes(`entered ${state}`)) break;
  }
  const [running] = readdirSync(join(stateDir, 'executions/running'));
  return running ?? '';
}

/** Waits until so many commands have come to the host and the last one has started. */
export async function untilAgentRuns(folder: string, commands: number): Promise<void> {
  const started = (id: string) => {
    const file = join(folder, 'commands', id, 'command.json');
    return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).startedAt !== null;
  };
  for (;;) {
    const ids = readdirSync(join(folder, 'commands'));
    if (ids.length > commands && ids.every(started)) return;
    await sleep(20);
  }
}
