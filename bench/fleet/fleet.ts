import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeAt } from '../../agent-scripts/host/home.ts';
import { receiptsOf } from '../../agent-scripts/journal/receipt.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { startCertferry, versionFiles } from '../../test/whole/certferry.ts';
import { type FleetHost, fleetName, startHosts } from './fleet-hosts.ts';
import { readTold, type Told } from './rollout-output.ts';

/** A `certferry rollout` that has ended; `code` is null when it was killed. */
export interface FleetRun extends Told {
  readonly code: number | null;
  readonly stderr: string;
}

/** Hosts of this machine, and the command line that carries versions to all of them. */
export interface Fleet {
  readonly hosts: readonly FleetHost[];
  rollout(version: IssuedCertificate, ...options: string[]): Promise<FleetRun>;
  /** The same, killed with SIGKILL when so many lines have said `deployed`. */
  killed(version: IssuedCertificate, deployed: number, ...options: string[]): Promise<FleetRun>;
  /** By another process, to the end. */
  resume(id: string, version: IssuedCertificate): Promise<FleetRun>;
  /** The fingerprint that each host serves on a new connection. */
  served(): Promise<(string | null)[]>;
  /** How often each host's agent has put the version's files in place, as its own receipts say. */
  applied(version: IssuedCertificate): number[];
  close(): void;
}

export async function openFleet(size: number, folder: string): Promise<Fleet> {
  const hosts = await startHosts(size, join(folder, 'hosts'));
  const state = join(folder, 'state');
  const targets = join(folder, 'targets.json');
  writeFileSync(targets, JSON.stringify({ targets: hosts.map(({ target }) => target) }));
  const common = ['rollout', '--local', '--state', state];
  const begin = ['--targets', targets, '--certificate', fleetName, '--waves', '1,10%,100%'];
  const filesOf = (version: IssuedCertificate) => {
    const { cert, key } = versionFiles(join(folder, version.fingerprint.slice('sha256:'.length)), version);
    return ['--cert', cert, '--key', key];
  };
  const carry = (version: IssuedCertificate, options: readonly string[], until = Number.POSITIVE_INFINITY) =>
    run([...common, ...begin, ...filesOf(version), ...options], until);
  return {
    hosts,
    rollout: (version, ...options) => carry(version, options),
    killed: (version, deployed, ...options) => carry(version, options, deployed),
    resume: (id, version) => run([...common, '--resume', id, ...filesOf(version)]),
    served: () => Promise.all(hosts.map((host) => host.served())),
    applied: ({ fingerprint }) =>
      hosts.map(
        ({ id }) =>
          receiptsOf(homeAt(join(state, 'hosts', id)), id).filter(
            ({ line }) => line.outcome === 'applied' && line.version?.fingerprint === fingerprint,
          ).length,
      ),
    close() {
      for (const host of hosts) host.close();
    },
  };
}

async function run(args: readonly string[], deployed = Number.POSITIVE_INFINITY): Promise<FleetRun> {
  const { child, ended } = startCertferry(args);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if ((said.match(/: deployed$/gm)?.length ?? 0) >= deployed) child.kill('SIGKILL');
  });
  const { code, stdout, stderr } = await ended;
  return { ...readTold(stdout), code, stderr };
}
