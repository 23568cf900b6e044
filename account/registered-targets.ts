import { CertferryError } from '../core/errors.ts';
import { isFunctionHost } from '../core/targets/host-location.ts';
import { memberOf, type RegisteredTarget } from '../core/targets/registered.ts';
import type { Target } from '../core/targets/target.ts';
import type { Fleet, FoundHost } from '../services/fleet/find-hosts.ts';
import type { Catalogue } from '../services/registry/catalogue.ts';
import type { Rollouts } from '../services/rollouts/rollout-store.ts';
import type { FindHosts } from './find-hosts.ts';
import type { StackVersion } from './run-deployment.ts';

interface TargetServices {
  readonly catalogue: Pick<Catalogue, 'target'>;
  readonly findHosts: FindHosts;
}

/**
 * Registered targets with their current hosts: one element for each host. Throws NoTargets if a target is not registered, has
 * another certificate than `certificate`, or has no host.
 */
export async function findTargets(
  { catalogue, findHosts }: TargetServices,
  ids: readonly string[],
  certificate?: string,
): Promise<readonly [Target, ...Target[]]> {
  const found: Target[] = [];
  for (const id of new Set(ids)) {
    const { thing } = await registered(catalogue, id);
    if (certificate !== undefined && thing.certificate !== certificate) {
      throw noTargets(`target ${id} has the certificate ${thing.certificate}, not ${certificate}`);
    }
    found.push(...(await onEachHost(thing, findHosts)));
  }
  const [first, ...others] = found;
  if (first === undefined) {
    throw noTargets(`no host was found for ${[...ids].join(', ')}. "certferry doctor" checks the hosts.`);
  }
  return [first, ...others];
}

async function onEachHost(registered: RegisteredTarget, findHosts: FindHosts): Promise<Target[]> {
  const hosts = await findHosts(registered);
  return hosts.map((host) => {
    const member = memberOf(registered, host);
    if (member !== null) return member;
    throw noTargets(
      `host ${host.host} of target ${registered.id} has no address for {host}. Start the host, or set the endpoint to a name.`,
    );
  });
}

/** Targets by their ids, and hosts by a set of tags; with neither, all registered targets. */
export interface HostSelection {
  readonly targets: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** The current hosts of a selection, each once. Throws NoTargets if a target is not registered, or if there is no host. */
export async function findHostsOf(
  {
    catalogue,
    findHosts,
    fleet,
  }: TargetServices & { readonly catalogue: Pick<Catalogue, 'targets'>; readonly fleet: Fleet },
  { targets, tags }: HostSelection,
): Promise<string[]> {
  const found: FoundHost[] = [];
  const isTagged = Object.keys(tags).length > 0;
  if (isTagged) found.push(...(await fleet.resolve({ tags })));
  const entries =
    targets.length === 0 && !isTagged
      ? await catalogue.targets()
      : await Promise.all([...new Set(targets)].map((id) => registered(catalogue, id)));
  for (const { thing } of entries) found.push(...(await findHosts(thing)));
  const hosts = [...new Set(found.map(({ host }) => host))].filter((host) => !isFunctionHost(host));
  if (hosts.length > 0) return hosts;
  throw noTargets(
    'no host was found. "certferry targets list" lists the targets, and "certferry doctor" checks their hosts.',
  );
}

async function registered(catalogue: Pick<Catalogue, 'target'>, id: string) {
  const entry = await catalogue.target(id);
  if (entry !== null) return entry;
  throw noTargets(`target ${id} is not registered. "certferry targets list" lists the targets.`);
}

const noTargets = (message: string) => new CertferryError('NoTargets', message);

interface VersionServices {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly rollouts: Pick<Rollouts, 'sourceOf'>;
}

/**
 * The current version of a certificate, or the version with this fingerprint that an earlier rollout deployed. Throws
 * UnknownCertificate if there is none.
 */
export async function findVersion(
  { catalogue, rollouts }: VersionServices,
  certificate: string,
  fingerprint: string | null,
): Promise<StackVersion> {
  const current = await catalogue.currentVersion(certificate);
  if (fingerprint !== null && current?.fingerprint !== fingerprint) {
    const source = await rollouts.sourceOf(certificate, fingerprint);
    if (source !== null) return { fingerprint, source };
    throw new CertferryError(
      'UnknownCertificate',
      `no recorded rollout of ${certificate} deployed ${fingerprint}. "certferry rollouts" lists the rollouts.`,
    );
  }
  if (current !== null) return { fingerprint: current.fingerprint, source: current.source };
  throw new CertferryError(
    'UnknownCertificate',
    `no version of ${certificate} has been rolled out yet. Start with "certferry rollout --certificate ${certificate}".`,
  );
}
