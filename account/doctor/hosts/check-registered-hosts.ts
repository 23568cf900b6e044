import { setTimeout as sleep } from 'node:timers/promises';
import { findHostsOf } from '../host-checks.ts';
import type { CheckedServices } from '../run-checks.ts';
import { type CheckHostsOptions, checkHosts, type HostReport } from './check-hosts.ts';

/** Runs the read-only script on the hosts of all registered targets. Throws if the registrations cannot be read. */
export async function checkRegisteredHosts(
  { clients, stack, catalogue, fleet }: CheckedServices,
  onProgress: CheckHostsOptions['onProgress'],
): Promise<HostReport> {
  const targets = (await catalogue.targets()).map(({ thing }) => thing);
  const hosted = await findHostsOf(targets, fleet);
  const documentName = stack.outputs.CheckDocumentName;
  return checkHosts(clients, hosted, { documentName, sleep, onProgress });
}
