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

/** A state folder and a served target of its own for each test; backends are closed after it. */
export interface LocalBackendRig {
  readonly served: ServedTarget;
  readonly stateDir: string;
  open(parts?: Omit<LocalBackendOptions, 'stateDir'>): Promise<LocalBackend>;
  /** A backend whose host is enrolled and has a first version. */
  openEnrolled(): Promise<{ backend: LocalBackend; first: IssuedCertificate }>;
}

export function useLocalBackend(): () => LocalBackendRig {
  let rig: LocalBackendRig;
  let backends: LocalBackend[] = [];
  beforeEach(async () => {
    const [served, stateDir] = [await aServedTarget(), join(scratch(), 'state')];
    const open = async (parts: Omit<LocalBackendOptions, 'stateDir'> = {}) => {
      const backend = await openLocalBackend({ stateDir, ...parts });
      backends.push(backend);
      return backend;
    };
    rig = {
      served,
      stateDir,
      open,
      async openEnrolled() {
        const [backend, first] = [await open(), await aVersion()];
        const { output } = await backend.deploy(deploying(served.target(), first));
        expect(output.outcome).toBe('deployed');
        return { backend, first };
      },
    };
  });
  afterEach(async () => {
    for (const backend of backends) await backend.close();
    backends = [];
    await rig.served.close();
  });
  return () => rig;
}

/** A line that `deploy-many.ts` prints for each deployment. */
export interface DeploymentLine {
  readonly executionName: string;
  readonly output: LocalDeploymentResult['output'];
}

/** A certferry process of its own that makes the request in a file `count` times at once. */
export function spawnDeployments(stateDir: string, request: string, count: number) {
  const program = join(import.meta.dirname, 'deploy-many.ts');
  return spawn(process.execPath, [program, stateDir, request, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The same, to its end. */
export async function deployInProcess(
  stateDir: string,
  request: string,
  count: number,
): Promise<DeploymentLine[]> {
  const child = spawnDeployments(stateDir, request, count);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  const lines = text.split('\n').filter((line) => line.startsWith('{"executionName"'));
  return lines.map((line) => JSON.parse(line) as DeploymentLine);
}

/** Waits until the process prints that it entered a state; returns the name of the execution. */
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
