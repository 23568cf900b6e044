import pLimit from 'p-limit';
import type { Finding, Sight } from '../../core/drift/drift.ts';
import type { Measured } from '../../core/drift/measured.ts';
import type { Fleet } from '../../services/fleet/find-hosts.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { InstalledVersion } from '../../services/registry/installed-versions.ts';
import type { SweepCursors } from '../../services/registry/sweep-cursor.ts';
import type { CertificateStatus } from './certificate-status.ts';
import { type InspectionServices, inspectTargets, type Looking } from './inspect-targets.ts';
import { type ResolvedTarget, resolveSweptTargets, type Unresolved } from './resolve-swept-targets.ts';
import { advanceCursor } from './sweep-cursor.ts';
import { examined } from './target-finding.ts';

/** One target on one host, and what is to be said of it. */
export interface Swept extends ResolvedTarget {
  readonly finding: Finding;
  readonly installed: InstalledVersion | null;
  readonly now: CertificateStatus;
}

/**
 * What one run saw. `reached`: the last target before the first that there was no time for (some after it may have been
 * seen: hosts take longer to ask); null when it saw everything.
 */
export interface Sweep {
  readonly swept: readonly Swept[];
  readonly unresolved: readonly Unresolved[];
  readonly reached: string | null;
  /** The numbers of all targets; null where they are not known, as after a sweep of one certificate. */
  readonly complete: Measured | null;
  /** The certificates some of whose targets there was no time for. */
  readonly cut: ReadonlySet<string>;
}

export interface SweepServices extends InspectionServices {
  readonly catalogue: Pick<Catalogue, 'certificates' | 'targets' | 'currentVersion'>;
  readonly fleet: Fleet;
  readonly sweeps: SweepCursors;
}

/** Questions to the fleet at a time: those for hosts named by their ids share calls, since SSM allows few a second. */
const questionsAtOnce = 50;

/**
 * Looks at every target, or at one certificate's, until all are seen or `until` has come: then it says how far it came.
 * A sweep of all targets begins where the last one stopped, so a fleet that is too large for one run is seen in several.
 */
export async function sweepTargets(
  { certificate, until }: { certificate?: string | undefined; until: Date },
  by: SweepServices,
): Promise<Sweep> {
  const entries = await by.catalogue.targets(certificate);
  const { members, unresolved } = await resolveSweptTargets(
    entries.map(({ thing }) => thing),
    { fleet: by.fleet, limit: pLimit(questionsAtOnce) },
  );
  const before = certificate === undefined ? await by.sweeps.cursor() : null;
  const first = firstAfter(members, before?.reached ?? null);
  const inOrder = [...members.slice(first), ...members.slice(0, first)];
  const said = await examineAll(await inspectTargets(inOrder, until, by), by);
  const swept = said.filter((one) => one !== null);
  const seen = new Set(swept.map(({ id }) => id));
  const unseen = inOrder.filter(({ id }) => !seen.has(id));
  const next = inOrder.findIndex(({ id }) => !seen.has(id));
  // one that had no time for a single target leaves the place where it is
  const reached = next === -1 ? null : (inOrder[next - 1]?.id ?? before?.reached ?? '');
  const sweep = { swept, unresolved, reached, cut: new Set(unseen.map(certificateOf)) };
  if (before === null) return { ...sweep, complete: null };

  const findings = (next === -1 ? swept : swept.slice(0, next)).map(({ finding }) => finding);
  const toEnd = members.length - first;
  const { complete, cursor } = advanceCursor(before, { targets: members.length, toEnd, findings, reached });
  await by.sweeps.write(cursor);
  return { ...sweep, complete };
}

const certificateOf = ({ registered }: ResolvedTarget) => registered.certificate;

/** Where to go on after the one that was reached last time. */
function firstAfter(members: readonly ResolvedTarget[], reached: string | null): number {
  return reached === null
    ? 0
    : Math.max(
        0,
        members.findIndex(({ id }) => id > reached),
      );
}

/** When their hosts have answered. In the same order; null for those that there was no time for. */
async function examineAll(begun: readonly Looking[], by: SweepServices): Promise<(Swept | null)[]> {
  const sights = await Promise.all(begun.map(({ sight }) => sight));
  const asked = begun.filter(({ outlook }) => outlook.from === 'host');
  const since = await by.installed.of(asked.map(({ swept }) => swept.id));
  const now = by.clock.now();
  return begun.map(({ swept, outlook, installed, now: state }, at) => {
    const sight = sights[at] ?? null;
    if (sight === null) return null;
    const isNew = outlook.from === 'host' && since.get(swept.id)?.fence !== installed?.fence;
    const finding = examined({ installed, due: state.due }, isNew ? deployedMeanwhile : sight, now);
    return { ...swept, finding, installed, now: state };
  });
}

/** A host may be asked minutes after its targets' records were read. */
const deployedMeanwhile: Sight = { notLooked: 'it was deployed to while its host was asked' };
