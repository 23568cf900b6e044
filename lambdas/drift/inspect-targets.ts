import pLimit from 'p-limit';
import type { EndpointInspection } from '../../core/drift/finding.ts';
import type { HostInspectionTarget } from '../../core/drift/host-inspection.ts';
import type { inspectEndpoint } from '../../core/tls-probe/inspect-endpoint.ts';
import type { Executions } from '../../services/executions.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersion, InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';
import { type CertificateStatus, certificateStatuses } from '../../services/status/certificate-status.ts';
import { installedFacts } from '../../services/status/known-version.ts';
import type { ResolvedTarget } from '../../services/status/resolve-targets.ts';
import { type HostInspectionServices, openHostInspections } from './inspect-from-hosts.ts';
import { type ProbeFrom, type ProbePlan, probeFromHere, probePlanFor } from './target-finding.ts';

export interface InspectionServices extends HostInspectionServices {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly installed: InstalledVersions;
  readonly rollouts: Pick<Rollouts, 'list'>;
  readonly executions: Pick<Executions, 'status'>;
  readonly inspectEndpoint: typeof inspectEndpoint;
  /** Where this code runs. */
  readonly probeFrom: ProbeFrom;
}

/** A probe of a target that has started, and what the registry had before it. */
export interface TargetInspection {
  readonly target: ResolvedTarget;
  readonly plan: ProbePlan;
  readonly installed: InstalledVersion | null;
  readonly status: CertificateStatus;
  /** Null when there was no time for the probe. Never rejects. */
  readonly probe: Promise<EndpointInspection | null>;
}

type PlannedInspection = Omit<TargetInspection, 'probe'>;

/** Parallel handshakes; most of their time they wait. */
const maximumParallelProbes = 100;
/** Targets whose records are read together, in requests of a hundred. */
const sliceSize = 500;

const noTime: Promise<null> = Promise.resolve(null);

/**
 * Starts to probe targets in their order, slice by slice, until `until`. When it returns, the probes from here have ended;
 * those from hosts may still run. In each slice, hosts start before the probes from here.
 */
export async function inspectTargets(
  targets: readonly ResolvedTarget[],
  until: Date,
  by: InspectionServices,
): Promise<TargetInspection[]> {
  const limit = pLimit(maximumParallelProbes);
  const statusFor = certificateStatuses(by);
  const inspectFromHosts = openHostInspections(by, until);
  const started: TargetInspection[] = [];
  for (let from = 0; from < targets.length; from += sliceSize) {
    const slice = targets.slice(from, from + sliceSize);
    const installed = await by.installed.of(slice.map(({ id }) => id));
    const planned = await Promise.all(
      slice.map(async (target) => ({
        target,
        plan: probePlanFor(target, by.probeFrom),
        installed: installed.get(target.id) ?? null,
        status: await limit(() => statusFor(target.registered.certificate)),
      })),
    );
    const fromHosts = inspectFromHosts(planned.flatMap(hostRequest));
    const fromHere = (one: PlannedInspection) => limit(() => inspectFromHere(one, until, by));
    const inspections = planned.map((one) => ({
      ...one,
      probe: one.plan.from === 'host' ? (fromHosts.get(one.target.id) ?? noTime) : fromHere(one),
    }));
    started.push(...inspections);
    const here = inspections.filter(({ plan }) => plan.from !== 'host');
    await Promise.all(here.map(({ probe }) => probe));
    if (by.clock.now() >= until) break;
  }
  return started;
}

function hostRequest({ target, plan, installed }: PlannedInspection): HostInspectionTarget[] {
  if (plan.from !== 'host') return [];
  const { verify } = plan;
  return [{ targetId: target.id, host: target.member.host, verify, version: installedFacts(installed) }];
}

async function inspectFromHere(
  { plan, installed }: PlannedInspection,
  until: Date,
  by: InspectionServices,
): Promise<EndpointInspection | null> {
  const now = by.clock.now();
  if (now >= until) return null;
  if (plan.from === 'nowhere') return { notInspected: plan.reason };
  return probeFromHere(plan.verify, installed, { inspectEndpoint: by.inspectEndpoint, now });
}
