import pLimit from 'p-limit';
import type { Finding } from '../../core/rollout/drift.ts';
import type { look } from '../../core/tls-probe/look.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Catalogue } from '../services/catalogue.ts';
import type { Executions } from '../services/executions.ts';
import type { Fleet } from '../services/fleet.ts';
import type { Installed, InstalledVersions } from '../services/installed.ts';
import type { Rollouts } from '../services/rollouts.ts';
import type { Sweeps } from '../services/sweeps.ts';
import { type CertificateNow, certificatesNow } from './due.ts';
import { examine } from './examine.ts';
import { membersOf, type SweptMember, type Unresolved } from './members.ts';

/** One target on one host, and what is to be said of it. */
export interface Swept extends SweptMember {
  readonly finding: Finding;
  readonly installed: Installed | null;
  readonly now: CertificateNow;
}

/** What one run saw. `reached`: the last target it looked at when time was up; null when it saw everything. */
export interface Sweep {
  readonly swept: readonly Swept[];
  readonly unresolved: readonly Unresolved[];
  readonly reached: string | null;
}

export interface SweepServices {
  readonly catalogue: Pick<Catalogue, 'certificates' | 'targets' | 'currentVersion'>;
  readonly fleet: Fleet;
  readonly installed: InstalledVersions;
  readonly rollouts: Pick<Rollouts, 'list'>;
  readonly executions: Pick<Executions, 'status'>;
  readonly sweeps: Sweeps;
  readonly look: typeof look;
  readonly clock: Clock;
}

/** Handshakes at a time: they wait more than they work. */
const looksAtOnce = 100;
/** Questions to the fleet at a time: those for hosts named by their ids share calls, since SSM allows few a second. */
const questionsAtOnce = 50;
/** Targets whose records are read together, in requests of a hundred. */
const sliceSize = 500;

/**
 * Looks at every target, or at one certificate's, until all are seen or `until` has come: then it says how far it came.
 * A sweep of all targets begins where the last one stopped, so a fleet that is too large for one run is seen in several.
 */
export async function sweepTargets(
  { certificate, until }: { certificate?: string | undefined; until: Date },
  by: SweepServices,
): Promise<Sweep> {
  const entries = await by.catalogue.targets(certificate);
  const { members, unresolved } = await membersOf(
    entries.map(({ thing }) => thing),
    { fleet: by.fleet, limit: pLimit(questionsAtOnce) },
  );
  const whole = certificate === undefined;
  const before = whole ? await by.sweeps.reached() : null;
  const { swept, isWhole } = await lookAtAll(rotated(members, before), until, by);
  // one that had no time for a single target leaves the place where it is
  const reached = isWhole ? null : (swept.at(-1)?.id ?? before ?? '');
  if (whole) await by.sweeps.stopAt(reached);
  return { swept, unresolved, reached };
}

/** Beginning after the one that was reached last time. */
function rotated(members: readonly SweptMember[], reached: string | null): readonly SweptMember[] {
  if (reached === null) return members;
  const first = members.findIndex(({ id }) => id > reached);
  return first === -1 ? members : [...members.slice(first), ...members.slice(0, first)];
}

async function lookAtAll(members: readonly SweptMember[], until: Date, by: SweepServices) {
  const limit = pLimit(looksAtOnce);
  const certificateNow = certificatesNow(by);
  const swept: Swept[] = [];
  for (let from = 0; from < members.length; from += sliceSize) {
    const slice = members.slice(from, from + sliceSize);
    const installed = await by.installed.of(slice.map(({ id }) => id));
    const found = await Promise.all(
      slice.map((member) =>
        limit(async (): Promise<Swept | null> => {
          const now = by.clock.now();
          if (now >= until) return null;
          const state = await certificateNow(member.registered.certificate);
          const expected = { installed: installed.get(member.id) ?? null, due: state.due };
          const finding = await examine(member, expected, { look: by.look, now });
          return { ...member, finding, installed: expected.installed, now: state };
        }),
      ),
    );
    swept.push(...found.filter((one) => one !== null));
    // those that had no time any more are the last ones of the slice
    if (found.at(-1) === null) return { swept, isWhole: false };
  }
  return { swept, isWhole: true };
}
