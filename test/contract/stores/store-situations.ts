import { expect } from 'vitest';
import type { Bundle } from '../../../core/deployment/version.ts';
import { fingerprintOf, type Runs } from './store-runs.ts';
import type { StoreUnderContract } from './store-site.ts';

/** A promise of the contract: its title, and the proof on a store. `start` starts one more store of the same kind. */
export interface Proof {
  readonly title: string;
  prove(start: () => Promise<Runs>, under: StoreUnderContract): Promise<void>;
}

/** A store with a version that another program installed. */
export async function prepared(
  start: () => Promise<Runs>,
): Promise<{ readonly runs: Runs; readonly old: Bundle }> {
  const runs = await start();
  const old = await runs.version();
  await runs.site.install(old);
  return { runs, old };
}

/** The same after one renewal by certferry, deployment `renewal` with fence 1. */
export async function deployed(start: () => Promise<Runs>) {
  const { runs, old } = await prepared(start);
  const next = await runs.version();
  const line = await runs.perform('deploy', { bundle: next, deploymentId: 'renewal' });
  expect(line).toMatchObject({ outcome: 'applied' });
  return { runs, old, next };
}

export async function expectInstalled({ site }: Runs, expected: Bundle): Promise<void> {
  const installed = await site.installed();
  expect(installed === null ? null : fingerprintOf(installed)).toBe(fingerprintOf(expected));
}

/** `installed` throws for a half version. */
export async function expectWhole({ site }: Runs, allowed: readonly Bundle[]): Promise<void> {
  const installed = await site.installed();
  expect(allowed.map(fingerprintOf)).toContain(installed === null ? null : fingerprintOf(installed));
}
