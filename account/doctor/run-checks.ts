import { type Check, nothing } from '../../core/check.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Fleet } from '../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { Clients } from '../stack/clients.ts';
import type { StackDescription } from '../stack/outputs.ts';
import { check } from './check.ts';
import { concurrencyCheck } from './concurrency-check.ts';
import { readDownloads } from './deployed-document.ts';
import { checkedHostIds, findHostsOf, hostChecks } from './host-checks.ts';
import { installedChecks } from './installed-checks.ts';
import { networkChecks } from './network-checks.ts';
import { registered, sourceChecks } from './source-checks.ts';
import { stackChecks } from './stack-checks.ts';
import { storeChecks } from './store-checks.ts';

/** What the checks read. */
export interface CheckedServices {
  readonly clients: Clients;
  readonly stack: StackDescription;
  readonly catalogue: Pick<Catalogue, 'certificates' | 'targets'>;
  readonly fleet: Fleet;
  readonly installed: InstalledVersions;
}

/** Checks everything that a rollout needs; changes nothing. Never throws: an error is the result of its check. */
export async function runChecks(
  { clients, stack, catalogue, fleet, installed }: CheckedServices,
  now: Date,
): Promise<Check[]> {
  const ofStack = await stackChecks(clients, stack);
  return [...ofStack, ...(await registeredChecks({ clients, stack, catalogue, fleet, installed }, now))];
}

async function registeredChecks(
  { clients, stack, catalogue, fleet, installed }: CheckedServices,
  now: Date,
): Promise<Check[]> {
  const [certificates, targets] = await Promise.allSettled([
    catalogue.certificates().then(thingsOf),
    catalogue.targets().then(thingsOf),
  ]);
  const registrations = await check('registrations', async () =>
    registered(valueIn(certificates), valueIn(targets)),
  );
  const ofSources =
    certificates.status === 'fulfilled'
      ? [
          ...(await sourceChecks(clients, certificates.value)),
          await concurrencyCheck(clients, certificates.value),
        ]
      : await withoutRegistrations('sources', 'Lambda concurrency');
  const ofTargets =
    targets.status === 'fulfilled'
      ? await targetChecks({ clients, stack, fleet, installed }, targets.value, now)
      : await withoutRegistrations(
          'targets without a host',
          'hosts',
          'SSM Agent',
          'systems',
          'VPC endpoints',
          'endpoint policy',
          'architectures',
          'deployments',
          'expiry',
        );
  return [registrations, ...ofSources, ...ofTargets];
}

async function targetChecks(
  { clients, stack, fleet, installed }: Omit<CheckedServices, 'catalogue'>,
  targets: readonly RegisteredTarget[],
  now: Date,
): Promise<Check[]> {
  const hosted = await findHostsOf(targets, fleet);
  const downloads = readDownloads(clients.ssm, stack);
  // a rejection is reported by each check that needs the value
  downloads.catch(() => undefined);
  return [
    ...(await hostChecks(clients, hosted, downloads)),
    ...(await networkChecks(clients.ec2, checkedHostIds(hosted), downloads)),
    ...(await storeChecks(clients, targets)),
    ...(await installedChecks(installed, hosted, now)),
  ];
}

function valueIn<Value>(result: PromiseSettledResult<Value>): Value {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

function thingsOf<Thing>(entries: readonly { readonly thing: Thing }[]): Thing[] {
  return entries.map(({ thing }) => thing);
}

/** The checks that need the registrations, which cannot be read; the check "registrations" reports the error. */
function withoutRegistrations(...names: readonly string[]): Promise<Check[]> {
  const unchecked = nothing(
    'not checked, because the registrations cannot be read',
    'Correct the check "registrations" first.',
  );
  return Promise.all(names.map((name) => check(name, async () => unchecked)));
}
