import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach } from 'vitest';
import { readAgentLine } from '../../core/deployment/agent-line.ts';
import { readJob } from '../../core/seal/job-text.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import {
  type LocalBackend,
  type LocalBackendOptions,
  openLocalBackend,
} from '../../local/backend/local-backend.ts';
import type { LocalRollout } from '../../local/backend/run-rollout.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { withoutSignature } from '../fixtures/signed-jobs.ts';
import { scratch } from './scratch.ts';
import { aServedTarget, type ServedTarget } from './served-target.ts';

export const fleetCertificate = 'www.example.test';

/** Hosts of this machine, each a folder with a TLS server of its own, and the backends that were opened for them. */
export interface Fleet {
  readonly stateDir: string;
  readonly servers: readonly ServedTarget[];
  readonly targets: readonly RegisteredTarget[];
  open(options?: Omit<LocalBackendOptions, 'stateDir'>): Promise<LocalBackend>;
  /** A backend, and a first version that all hosts serve. */
  openServing(): Promise<{ backend: LocalBackend; first: IssuedCertificate }>;
}

/** Fleets that are ended after each test. */
export function useFleets() {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  return async (size: number): Promise<Fleet> => {
    const stateDir = join(scratch(), 'state');
    const servers = await Promise.all(Array.from({ length: size }, () => aServedTarget()));
    closing.push(...servers.map(({ close }) => close));
    const targets = servers.map(registered);
    const open = async (options: Omit<LocalBackendOptions, 'stateDir'> = {}) => {
      const backend = await openLocalBackend({ stateDir, ...options });
      closing.push(backend.close);
      return backend;
    };
    return {
      stateDir,
      servers,
      targets,
      open,
      async openServing() {
        const [backend, first] = [await open(), await aVersion()];
        const { output } = await backend.rollout(
          rolloutTo(first, { targets, strategy: { waves: ['100%'] } }),
        );
        if (output?.outcome !== 'finished') throw new Error(`the first rollout: ${output?.summary}`);
        return { backend, first };
      },
    };
  };
}

function registered(server: ServedTarget, index: number): RegisteredTarget {
  const target = server.target({ id: `web-${index + 1}` });
  return RegisteredTarget.parse({ ...target, host: `local-web-${index + 1}` });
}

/** The rollout that `certferry rollout` starts for a version. */
export function rolloutTo(
  version: IssuedCertificate,
  rollout: Pick<LocalRollout, 'targets'> & Partial<LocalRollout>,
): LocalRollout {
  return {
    certificate: { name: fleetCertificate },
    version: { secret: secretOf(version), fingerprint: version.fingerprint },
    ...rollout,
  };
}

export const secretOf = ({ certPem, chainPem, keyPem }: IssuedCertificate) => ({
  certificate: certPem,
  chain: chainPem,
  privateKey: keyPem,
});

/** The fingerprint that each server serves now. */
export function served({ targets }: Fleet): Promise<string[]> {
  return Promise.all(targets.map(servedBy));
}

async function servedBy({ verify }: RegisteredTarget): Promise<string> {
  const port = verify === 'none' ? 0 : Number(verify.endpoint.split(':').at(-1));
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: fleetCertificate,
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`;
}

/** How often an agent has reported that it applied something for each target, since there were so many commands. */
export function appliedSince(stateDir: string, before: ReadonlySet<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of commandsOf(stateDir)) {
    if (before.has(id)) continue;
    const folder = join(stateDir, 'commands', id);
    const line = readAgentLine(readFileSync(join(folder, 'stdout'), 'utf8'));
    const job = readJob(
      withoutSignature(JSON.parse(readFileSync(join(folder, 'command.json'), 'utf8')).parameters.Job[0]),
    );
    if (line?.outcome === 'applied' && job.sealed) counts[line.targetId] = (counts[line.targetId] ?? 0) + 1;
  }
  return counts;
}

export const commandsOf = (stateDir: string) => new Set(readdirSync(join(stateDir, 'commands')));

/** A certferry process of its own that runs the rollout. */
export function spawnRollout(stateDir: string, rollout: LocalRollout) {
  const file = join(scratch(), 'rollout.json');
  writeFileSync(file, JSON.stringify(rollout));
  return spawn(process.execPath, [join(import.meta.dirname, 'rollout-forever.ts'), stateDir, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Reads the output of the process until a line matches; returns all lines so far. */
export async function readUntil(child: ReturnType<typeof spawnRollout>, until: RegExp): Promise<string[]> {
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (until.test(text)) break;
  }
  return text.split('\n').filter(Boolean);
}
