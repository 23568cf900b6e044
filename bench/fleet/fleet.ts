import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeAt } from '../../agent-scripts/host/home.ts';
import { receiptsOf } from '../../agent-scripts/journal/receipt.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { startCertferry, versionFiles } from '../../test/whole/certferry.ts';
import { type FleetHost, fleetName, startHosts } from './fleet-hosts.ts';
import { type RolloutOutput, readRolloutOutput } from './rollout-output.ts';

/** The result of a `certferry rollout` process. `code` is null if it was killed. */
export interface FleetRun extends RolloutOutput {
  readonly code: number | null;
  readonly stderr: string;
}

/** Simulated hosts of this machine, and the command line that deploys versions to them. */
export interface Fleet {
  readonly hosts: readonly FleetHost[];
  rollout(version: IssuedCertificate, ...options: string[]): Promise<FleetRun>;
  /** A rollout that gets SIGKILL as soon as its output has this number of `deployed` lines. */
  killed(version: IssuedCertificate, deployed: number, ...options: string[]): Promise<FleetRun>;
  /** Resumes a rollout in another process and waits for its end. */
  resume(id: string, version: IssuedCertificate): Promise<FleetRun>;
  /** The fingerprint that each host serves on a new connection. */
  served(): Promise<(string | null)[]>;
  /** How often each agent installed the version, according to its receipts. */
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
  const deploy = (version: IssuedCertificate, options: readonly string[], until = Number.POSITIVE_INFINITY) =>
    run([...common, ...begin, ...filesOf(version), ...options], until);
  return {
    hosts,
    rollout: (version, ...options) => deploy(version, options),
    killed: (version, deployed, ...options) => deploy(version, options, deployed),
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
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if ((output.match(/: deployed$/gm)?.length ?? 0) >= deployed) child.kill('SIGKILL');
  });
  const { code, stdout, stderr } = await ended;
  return { ...readRolloutOutput(stdout), code, stderr };
}
