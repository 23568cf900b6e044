import type { Fleet } from '../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { Clients } from '../stack/clients.ts';
import type { ReadStack } from '../stack/outputs.ts';
import { type Check, check } from './check.ts';
import { hostChecks, place } from './host-checks.ts';
import { installedChecks } from './installed-checks.ts';
import { sourceChecks } from './source-checks.ts';
import { stackChecks } from './stack-checks.ts';

interface Patient {
  readonly clients: Clients;
  readonly stack: ReadStack;
  readonly catalogue: Pick<Catalogue, 'certificates' | 'targets'>;
  readonly fleet: Fleet;
  readonly installed: InstalledVersions;
}

/** Looks at everything that a rollout needs, and changes nothing. One thing that cannot be looked at hides no other. */
export async function doctor(
  { clients, stack, catalogue, fleet, installed }: Patient,
  now: Date,
): Promise<Check[]> {
  const ofStack = await stackChecks(clients, stack);
  return [...ofStack, ...(await ofRegistered({ clients, catalogue, fleet, installed }, now))];
}

async function ofRegistered(
  { clients, catalogue, fleet, installed }: Omit<Patient, 'stack'>,
  now: Date,
): Promise<Check[]> {
  try {
    const certificates = (await catalogue.certificates()).map(({ thing }) => thing);
    const targets = (await catalogue.targets()).map(({ thing }) => thing);
    const ofSources = await sourceChecks(clients, certificates, targets);
    const placed = await place(targets, fleet);
    return [
      ...ofSources,
      ...(await hostChecks(clients, placed)),
      ...(await installedChecks(installed, placed, now)),
    ];
  } catch (error) {
    return [await check('registrations', () => Promise.reject(error))];
  }
}
