import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { LocalRollout, LocalRolloutResult } from '../../local/backend/run-rollout.ts';
import { type ServerIdentity, startBuiltinServer } from './builtin-server.ts';
import type { DemoServer } from './demo-server.ts';
import { DemoFailed, servedBy } from './deploy-version.ts';
import type { IssuedCertificate } from './throwaway-ca.ts';

/** The certificate name in the scene with a fleet. */
export const fleetName = 'www.example.com';

/** Servers with one certificate name, each on its own host. */
export type Fleet = readonly DemoServer[];

/** Starts five small servers, calls `work`, and stops the servers even if `work` fails. */
export async function withFleet(scratch: string, work: (fleet: Fleet) => Promise<void>): Promise<void> {
  const folder = join(scratch, 'fleet');
  mkdirSync(folder);
  const started: DemoServer[] = [];
  try {
    for (const identity of ['web-1', 'web-2', 'web-3', 'web-4', 'web-5'].map(identityOfServer)) {
      started.push(await startBuiltinServer(folder, identity));
    }
    await work(started);
  } finally {
    await Promise.all(started.map((server) => server.stop()));
  }
}

const identityOfServer = (id: string): ServerIdentity => ({ id, host: `local-${id}`, serverName: fleetName });

/** A rollout of a version to the whole fleet, as `certferry rollout` would start it. */
export function rolloutOf(
  fleet: Fleet,
  version: IssuedCertificate,
  strategy: NonNullable<LocalRollout['strategy']>,
): LocalRollout {
  return {
    certificate: { name: fleetName },
    targets: fleet.map(({ target }) => ({ ...target, autoHeal: false }) as RegisteredTarget),
    version: {
      secret: { certificate: version.certPem, chain: version.chainPem, privateKey: version.keyPem },
      fingerprint: version.fingerprint,
    },
    strategy,
    reason: 'the demo',
  };
}

/**
 * Probes every server as any client would.
 *
 * @throws DemoFailed when a server does not serve the version
 */
export async function expectAllServe(
  fleet: Fleet,
  version: IssuedCertificate,
  versionName: string,
): Promise<void> {
  for (const server of fleet) {
    const fingerprint = await servedBy(server);
    if (fingerprint === version.fingerprint) continue;
    throw new DemoFailed(
      `${server.target.id} should serve ${versionName} (${version.fingerprint}); it serves ${fingerprint ?? 'no certificate'}`,
    );
  }
}

/** One line for each wave: `forward web-2 deployed, web-3 rolled_back`. */
export function describeWaves({ waves }: Pick<LocalRolloutResult, 'waves'>): string[] {
  return waves.map(({ direction, results }) => {
    const outcomes = results.map(({ targetId, outcome }) => `${targetId} ${outcome}`).sort();
    return `${direction} ${outcomes.join(', ')}`;
  });
}
