import pLimit from 'p-limit';
import type { DriftCounts } from '../../core/drift/drift-counts.ts';
import type { EndpointInspection, Finding } from '../../core/drift/finding.ts';
import type { Fleet } from '../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';
import type { SweepCursors } from '../../services/registry/sweep-cursor.ts';
import type { CertificateStatus } from '../../services/status/certificate-status.ts';
import {
  type ResolvedTarget,
  resolveTargets,
  type UnresolvedTarget,
} from '../../services/status/resolve-targets.ts';
import { type InspectionServices, inspectTargets, type TargetInspection } from './inspect-targets.ts';
import { advanceCursor } from './sweep-cursor.ts';
import { targetFinding } from './target-finding.ts';

/** A target on one host with its finding. */
export interface SweepResult extends ResolvedTarget {
  readonly finding: Finding;
  readonly installed: InstalledVersion | null;
  readonly status: CertificateStatus;
}

/** The findings of one sweep. */
export interface Sweep {
  readonly swept: readonly SweepResult[];
  readonly unresolved: readonly UnresolvedTarget[];
  /**
   * The last target before the first one without a result; null when all targets have one. Later targets may have results
   * too, because probes from hosts take longer.
   */
  readonly reached: string | null;
  /** Counts of all targets; null when they are unknown, for example after a sweep of one certificate. */
  readonly complete: DriftCounts | null;
}

export interface SweepServices extends InspectionServices {
  readonly catalogue: Pick<Catalogue, 'certificates' | 'targets' | 'currentVersion'>;
  readonly fleet: Fleet;
  readonly sweeps: SweepCursors;
}

/** Parallel fleet queries. Queries for single hosts share calls, because SSM allows only a few calls per second. */
const maximumParallelQueries = 50;

/**
 * Probes every target, or those of one certificate, until all have a result or the time `until` is reached. A sweep of all
 * targets continues where the last one stopped, so that a very large fleet is covered by several sweeps.
 */
export async function sweepTargets(
  { certificate, until }: { certificate?: string | undefined; until: Date },
  by: SweepServices,
): Promise<Sweep> {
  const entries = await by.catalogue.targets(certificate);
  const { resolved, unresolved } = await resolveTargets(
    entries.map(({ thing }) => thing),
    { fleet: by.fleet, limit: pLimit(maximumParallelQueries) },
  );
  const cursor = certificate === undefined ? await by.sweeps.cursor() : null;
  const first = firstAfter(resolved, cursor?.reached ?? null);
  const inOrder = [...resolved.slice(first), ...resolved.slice(0, first)];
  const results = await findingsOf(await inspectTargets(inOrder, until, by), by);
  const swept = results.filter((one) => one !== null);
  const sweptIds = new Set(swept.map(({ id }) => id));
  const firstMissed = inOrder.findIndex(({ id }) => !sweptIds.has(id));
  // without a single result the cursor stays where it is
  const reached = firstMissed === -1 ? null : (inOrder[firstMissed - 1]?.id ?? cursor?.reached ?? '');
  const sweep = { swept, unresolved, reached };
  if (cursor === null) return { ...sweep, complete: null };

  const withoutGap = firstMissed === -1 ? swept : swept.slice(0, firstMissed);
  const toEnd = resolved.length - first;
  const next = advanceCursor(cursor, { targets: resolved.length, toEnd, findings: withoutGap, reached });
  await by.sweeps.write(next.cursor);
  return { ...sweep, complete: next.complete };
}

/** Index of the first target after the one that the last sweep reached. */
function firstAfter(targets: readonly ResolvedTarget[], reached: string | null): number {
  return reached === null
    ? 0
    : Math.max(
        0,
        targets.findIndex(({ id }) => id > reached),
      );
}

/** Waits for the probes. The findings are in the same order; null for targets without a probe. */
async function findingsOf(
  inspections: readonly TargetInspection[],
  by: SweepServices,
): Promise<(SweepResult | null)[]> {
  const probes = await Promise.all(inspections.map(({ probe }) => probe));
  const fromHosts = inspections.filter(({ plan }) => plan.from === 'host');
  const installedNow = await by.installed.of(fromHosts.map(({ target }) => target.id));
  const now = by.clock.now();
  return inspections.map(({ target, plan, installed, status }, index) => {
    const probe = probes[index] ?? null;
    if (probe === null) return null;
    const wasDeployed = plan.from === 'host' && installedNow.get(target.id)?.fence !== installed?.fence;
    const finding = targetFinding(
      { installed, due: status.due },
      wasDeployed ? deployedMeanwhile : probe,
      now,
    );
    return { ...target, finding, installed, status };
  });
}

/** A host may be probed minutes after the records of its targets were read. */
const deployedMeanwhile: EndpointInspection = {
  notInspected: 'a deployment to the target ran during the probe',
};
