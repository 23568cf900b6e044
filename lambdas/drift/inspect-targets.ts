import pLimit from 'p-limit';
import type { Sight } from '../../core/drift/drift.ts';
import type { HostQuestion } from '../../core/drift/host-inspection.ts';
import type { look } from '../../core/tls-probe/inspect-endpoint.ts';
import type { Executions } from '../../services/executions.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersion, InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';
import { type CertificateStatus, certificateStatuses } from './certificate-status.ts';
import { type HostInspectionServices, openHostInspections } from './inspect-from-hosts.ts';
import type { ResolvedTarget } from './resolve-swept-targets.ts';
import { type Outlook, outlookOf, type ProbeFrom, sightFromHere, versionOf } from './target-finding.ts';

export interface InspectionServices extends HostInspectionServices {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly installed: InstalledVersions;
  readonly rollouts: Pick<Rollouts, 'list'>;
  readonly executions: Pick<Executions, 'status'>;
  readonly look: typeof look;
  /** Where this code is. */
  readonly probeFrom: ProbeFrom;
}

/** A target that is looked at, and what was known of it before. */
export interface Looking {
  readonly swept: ResolvedTarget;
  readonly outlook: Outlook;
  readonly installed: InstalledVersion | null;
  readonly now: CertificateStatus;
  /** Null when there was no time for it. Never rejects. */
  readonly sight: Promise<Sight | null>;
}

/** Handshakes at a time: they wait more than they work. */
const looksAtOnce = 100;
/** Targets whose records are read together, in requests of a hundred. */
const sliceSize = 500;

const noTime: Promise<null> = Promise.resolve(null);

/**
 * Begins to look at targets, in their order; not at those of a slice that `until` finds not begun. Looks from here have
 * ended when it returns; those from hosts go on, beginning before the others of their slice.
 */
export async function inspectTargets(
  members: readonly ResolvedTarget[],
  until: Date,
  by: InspectionServices,
): Promise<Looking[]> {
  const limit = pLimit(looksAtOnce);
  const certificateStatus = certificateStatuses(by);
  const askHosts = openHostInspections(by, until);
  const begun: Looking[] = [];
  for (let from = 0; from < members.length; from += sliceSize) {
    const slice = members.slice(from, from + sliceSize);
    const installed = await by.installed.of(slice.map(({ id }) => id));
    const known = await Promise.all(
      slice.map(async (swept) => ({
        swept,
        outlook: outlookOf(swept, by.probeFrom),
        installed: installed.get(swept.id) ?? null,
        now: await limit(() => certificateStatus(swept.registered.certificate)),
      })),
    );
    const fromHosts = askHosts(known.flatMap(questionOf));
    const fromHere = (one: Known) => limit(() => lookFromHere(one, until, by));
    const looking = known.map((one) => ({
      ...one,
      sight: one.outlook.from === 'host' ? (fromHosts.get(one.swept.id) ?? noTime) : fromHere(one),
    }));
    begun.push(...looking);
    const here = looking.filter(({ outlook }) => outlook.from !== 'host');
    await Promise.all(here.map(({ sight }) => sight));
    if (by.clock.now() >= until) break;
  }
  return begun;
}

type Known = Omit<Looking, 'sight'>;

function questionOf({ swept, outlook, installed }: Known): HostQuestion[] {
  if (outlook.from !== 'host') return [];
  const { verify } = outlook;
  return [{ targetId: swept.id, host: swept.member.host, verify, version: versionOf(installed) }];
}

async function lookFromHere(
  { outlook, installed }: Known,
  until: Date,
  by: InspectionServices,
): Promise<Sight | null> {
  const now = by.clock.now();
  if (now >= until) return null;
  if (outlook.from === 'nowhere') return { notLooked: outlook.why };
  return sightFromHere(outlook.verify, installed, { look: by.look, now });
}
