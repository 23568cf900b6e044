import pLimit from 'p-limit';
import type { Clock } from '../../core/clock.ts';
import { classify } from '../../core/drift/finding.ts';
import { byUrgency, type TargetStatus } from '../../core/drift/target-status.ts';
import type { Executions } from '../executions.ts';
import type { Fleet } from '../fleet/find-hosts.ts';
import type { Catalogue } from '../registry/catalogue.ts';
import type { InstalledVersion, InstalledVersions } from '../registry/installed-versions.ts';
import type { Rollouts } from '../rollouts/rollout-store.ts';
import { type CertificateStatus, certificateStatuses } from './certificate-status.ts';
import { knownVersion } from './known-version.ts';
import { type ResolvedTarget, resolveTargets, type UnresolvedTarget } from './resolve-targets.ts';

export interface StatusServices {
  readonly catalogue: Pick<Catalogue, 'targets' | 'currentVersion'>;
  readonly fleet: Fleet;
  readonly installed: Pick<InstalledVersions, 'of'>;
  readonly rollouts: Pick<Rollouts, 'list'>;
  readonly executions: Pick<Executions, 'status'>;
  readonly clock: Clock;
}

/** Queries of hosts and of certificates at once. */
const maximumParallelQueries = 10;

/**
 * The registered targets, or those of one certificate, on each of their hosts: what the registry has, the most urgent first. Probes
 * nothing. A target whose hosts cannot be found is `unresolved`.
 */
export async function listStatuses(by: StatusServices, certificate?: string): Promise<TargetStatus[]> {
  const entries = await by.catalogue.targets(certificate);
  const { resolved, unresolved } = await resolveTargets(
    entries.map(({ thing }) => thing),
    { fleet: onlySelectors(by.fleet), limit: pLimit(maximumParallelQueries) },
  );
  const withHosts = new Set(resolved.map(({ registered: { id } }) => id));
  const resolvable = entries.filter(
    ({ thing }) => !unresolved.some(({ registered: { id } }) => id === thing.id),
  );
  const empty = resolvable
    .filter(({ thing }) => !withHosts.has(thing.id))
    .map(({ thing }) => ({ registered: thing, reason: 'no running host matches its selector' }));
  const installed = await by.installed.of(resolved.map(({ id }) => id));
  const statusOf = certificateStatuses(by);
  const limit = pLimit(maximumParallelQueries);
  const now = by.clock.now();
  const known = await Promise.all(
    resolved.map((target) =>
      limit(async () => {
        const status = await statusOf(target.registered.certificate);
        return recorded(target, { installed: installed.get(target.id) ?? null, status, now });
      }),
    ),
  );
  return [...known, ...[...unresolved, ...empty].map(withoutHost)].sort(byUrgency);
}

/** A host that a target names needs no query: its address and its state do not matter here. */
function onlySelectors(fleet: Fleet): Fleet {
  return {
    resolve: async (selector) =>
      typeof selector === 'string'
        ? [{ host: selector, address: null, online: false }]
        : fleet.resolve(selector),
  };
}

interface Records {
  readonly installed: InstalledVersion | null;
  readonly status: CertificateStatus;
  readonly now: Date;
}

function recorded(
  { id, registered, member }: ResolvedTarget,
  { installed, status: { due }, now }: Records,
): TargetStatus {
  const finding = classify(knownVersion(installed), due, { notInspected: 'as recorded, not probed' }, now);
  return {
    targetId: id,
    certificate: registered.certificate,
    host: member.host,
    condition: finding.condition,
    summary: finding.summary,
    daysToExpiry: finding.daysToExpiry,
    fingerprint: installed?.fingerprint ?? null,
    notAfter: installed?.notAfter ?? null,
    currentFingerprint: due.current,
    lastDeployment:
      installed === null
        ? null
        : { deploymentId: installed.deploymentId, outcome: installed.outcome, at: installed.at },
  };
}

function withoutHost({ registered: { id, certificate }, reason }: UnresolvedTarget): TargetStatus {
  return {
    targetId: id,
    certificate,
    host: null,
    condition: 'unresolved',
    summary: `the hosts of the target could not be determined (${reason})`,
    daysToExpiry: null,
    fingerprint: null,
    notAfter: null,
    currentFingerprint: null,
    lastDeployment: null,
  };
}
