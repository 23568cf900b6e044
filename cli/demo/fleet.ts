import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { LocalRollout, LocalRolloutResult } from '../../local/backend/run-rollout.ts';
import { type Part, startBuiltin } from './builtin.ts';
import { DemoFailed, servedBy } from './scene.ts';
import type { Stage } from './stage.ts';
import type { IssuedCertificate } from './throwaway-ca.ts';

/** The name that the fleet of the demo answers to. */
export const fleetName = 'www.example.com';

/** Servers that answer to one name, each on a host of its own. */
export type Fleet = readonly Stage[];

/** Starts five small servers, does `work` with them, and stops them whatever comes of it. */
export async function withFleet(scratch: string, work: (fleet: Fleet) => Promise<void>): Promise<void> {
  const folder = join(scratch, 'fleet');
  mkdirSync(folder);
  const started: Stage[] = [];
  try {
    for (const part of ['web-1', 'web-2', 'web-3', 'web-4', 'web-5'].map(partOf)) {
      started.push(await startBuiltin(folder, part));
    }
    await work(started);
  } finally {
    await Promise.all(started.map((stage) => stage.stop()));
  }
}

const partOf = (id: string): Part => ({ id, host: `local-${id}`, serverName: fleetName });

/** A version for the whole fleet, as `certferry rollout` would ask for it. */
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

/** Looks at every server as any client would. Throws DemoFailed when one of them serves something else. */
export async function expectEverywhere(
  fleet: Fleet,
  version: IssuedCertificate,
  called: string,
): Promise<void> {
  for (const stage of fleet) {
    const fingerprint = await servedBy(stage);
    if (fingerprint === version.fingerprint) continue;
    throw new DemoFailed(
      `${stage.target.id} was to serve ${called} (${version.fingerprint}); it serves ${fingerprint ?? 'nothing'}`,
    );
  }
}

/** A wave in a line: `forward web-2 deployed, web-3 rolled_back`. */
export function wavesOf({ waves }: Pick<LocalRolloutResult, 'waves'>): string[] {
  return waves.map(({ direction, results }) => {
    const ends = results.map(({ targetId, outcome }) => `${targetId} ${outcome}`).sort();
    return `${direction} ${ends.join(', ')}`;
  });
}
