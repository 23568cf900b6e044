import type { Fleet } from '../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { Clients } from '../stack/clients.ts';
import type { StackDescription } from '../stack/outputs.ts';
import { type Check, check } from './check.ts';
import { findHostsOf, hostChecks } from './host-checks.ts';
import { installedChecks } from './installed-checks.ts';
import { sourceChecks } from './source-checks.ts';
import { stackChecks } from './stack-checks.ts';

interface CheckedServices {
  readonly clients: Clients;
  readonly stack: StackDescription;
  readonly catalogue: Pick<Catalogue, 'certificates' | 'targets'>;
  readonly fleet: Fleet;
  readonly installed: InstalledVersions;
}

/** Checks everything that a rollout needs; changes nothing. */
export async function runChecks(
  { clients, stack, catalogue, fleet, installed }: CheckedServices,
  now: Date,
): Promise<Check[]> {
  const ofStack = await stackChecks(clients, stack);
  return [...ofStack, ...(await registeredChecks({ clients, catalogue, fleet, installed }, now))];
}

async function registeredChecks(
  { clients, catalogue, fleet, installed }: Omit<CheckedServices, 'stack'>,
  now: Date,
): Promise<Check[]> {
  try {
    const certificates = (await catalogue.certificates()).map(({ thing }) => thing);
    const targets = (await catalogue.targets()).map(({ thing }) => thing);
    const ofSources = await sourceChecks(clients, certificates, targets);
    const hosted = await findHostsOf(targets, fleet);
    return [
      ...ofSources,
      ...(await hostChecks(clients, hosted)),
      ...(await installedChecks(installed, hosted, now)),
    ];
  } catch (error) {
    return [await check('registrations', () => Promise.reject(error))];
  }
}
