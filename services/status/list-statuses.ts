import pLimit from 'p-limit';
import type { Clock } from '../../core/clock.ts';
import { classify } from '../../core/drift/finding.ts';
import { byUrgency, type TargetStatus, undeployedStatus } from '../../core/drift/target-status.ts';
import type { Executions } from '../executions.ts';
import type { Fleet } from '../fleet/find-hosts.ts';
import type { HeldLocks, RunningLock } from '../locks/held-locks.ts';
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
  readonly locks: HeldLocks;
  readonly rollouts: Pick<Rollouts, 'list'>;
  readonly executions: Pick<Executions, 'status'>;
  readonly clock: Clock;
}

/** Called after each part of the targets, with the number of targets that were read. */
export type OnStatuses = (read: number, total: number) => void;

/** Queries of hosts and of certificates at once. */
const maximumParallelQueries = 10;
/** Targets whose records are read together, in requests of a hundred. */
const sliceSize = 500;

/**
 * The registered targets, or those of one certificate, on each of their hosts: what the registry has, the most urgent first. Probes
 * nothing. A target whose hosts cannot be found is `unresolved`.
 */
export async function listStatuses(
  by: StatusServices,
  certificate?: string,
  onRead: OnStatuses = () => {},
): Promise<TargetStatus[]> {
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
  const known: TargetStatus[] = [];
  const readSlice = sliceReader(by);
  for (let from = 0; from < resolved.length; from += sliceSize) {
    known.push(...(await readSlice(resolved.slice(from, from + sliceSize))));
    onRead(known.length, resolved.length);
  }
  return [...known, ...[...unresolved, ...empty].map(withoutHost)].sort(byUrgency);
}

/** Reads the records of some targets. Each certificate is read once, also for several slices. */
function sliceReader(by: StatusServices): (slice: readonly ResolvedTarget[]) => Promise<TargetStatus[]> {
  const statusOf = certificateStatuses(by);
  const limit = pLimit(maximumParallelQueries);
  const now = by.clock.now();
  return async (slice) => {
    const ids = slice.map(({ id }) => id);
    const [installed, locks] = await Promise.all([by.installed.of(ids), by.locks.of(ids)]);
    return await Promise.all(
      slice.map((target) =>
        limit(async () => {
          const status = await statusOf(target.registered.certificate);
          const records = { installed: installed.get(target.id) ?? null, lock: locks.get(target.id) ?? null };
          return recorded(target, { ...records, status, now });
        }),
      ),
    );
  };
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
  readonly lock: RunningLock | null;
  readonly status: CertificateStatus;
  readonly now: Date;
}

function recorded(
  { id, registered, member }: ResolvedTarget,
  { installed, lock, status: { due }, now }: Records,
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
    served: null,
    currentFingerprint: due.current,
    lastDeployment:
      installed === null
        ? null
        : { deploymentId: installed.deploymentId, outcome: installed.outcome, at: installed.at },
    lock: lock && { executionName: lock.owner.split(':').at(-1) ?? lock.owner, since: lock.acquiredAt },
  };
}

function withoutHost({ registered, reason }: UnresolvedTarget): TargetStatus {
  return {
    ...undeployedStatus(registered),
    host: null,
    condition: 'unresolved',
    summary: `the hosts of the target could not be determined (${reason})`,
  };
}
