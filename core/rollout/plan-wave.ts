import { installationDigest } from '../targets/installation-digest.ts';
import type { Target } from '../targets/target.ts';
import type { MaintenanceWindow } from '../targets/window.ts';
import { inDeploymentOrder } from './deployment-order.ts';
import type { Rollout } from './rollout.ts';
import { type Step, stepAfter } from './wave-sizes.ts';
import { nextOpening } from './window-opening.ts';

/** A target on one host, as it is now. `installed`: what it is believed to have; null where it never had a deployment. */
export interface Place {
  readonly target: Target;
  readonly online: boolean;
  readonly window: MaintenanceWindow | null;
  readonly installed: InstalledHere | null;
  /**
   * The last request that got the target's lock wants something else there: a deployment of a rollout that this one
   * supersedes may be at work, and what is installed is about to change.
   */
  readonly isOvertaken?: boolean;
}

interface InstalledHere {
  readonly fingerprint: string | null;
  /** Digest of the place that it was put to. */
  readonly place?: string | null | undefined;
  readonly notAfter: number | null;
  /** The rollout that brought it. */
  readonly rollout?: string | null | undefined;
}

/** All that decides about the next wave. */
export interface Situation {
  readonly rollout: Pick<Rollout, 'id' | 'only' | 'repeat' | 'startedAt' | 'strategy' | 'urgent' | 'version'>;
  readonly places: readonly Place[];
  /** How many more targets there are that cannot be deployed to: they count as reached. */
  readonly refused: number;
  /** Targets that had their turn in this rollout, well or badly. */
  readonly done: ReadonlySet<string>;
  readonly now: Date;
}

/** How far a rollout is: `waitSeconds` is 0 unless it waits, `why` says for what. */
interface Progress {
  readonly reached: number;
  readonly total: number;
  readonly before: string[] | null;
}

export type Plan =
  | (Progress & Step & { readonly verdict: 'deploy'; readonly chosen: Place[]; readonly waiting: number })
  | (Progress & { readonly verdict: 'wait'; readonly waitSeconds: number; readonly why: string })
  | (Progress & { readonly verdict: 'finished' });

/** A host that has just been started is asked for this often, in seconds, */
const hostWaitSeconds = 15;
/** and for this long since the rollout's start; then its deployment says that it is not there. */
const longestHostWaitSeconds = 20 * 60;
/** A window opens within a week; one that never does is asked about all the same. */
const longestWaitSeconds = 7 * 86_400;

/**
 * The next wave of a rollout: as many as the strategy's next goal lacks, of those whose turn it may be. Fewer where
 * windows are closed; nobody, and a time to wait, where all of them are.
 */
export function planWave(situation: Situation): Plan {
  const { rollout, places, refused, done } = situation;
  const open = places.filter((place) => !done.has(place.target.id) && !hasVersion(place, rollout));
  const total = places.length + refused;
  const progress = { reached: total - open.length, total, before: versionsBefore(open, rollout) };
  const hosts = hostsToWaitFor(situation);
  const waitOf = waitingAt(situation, hosts);
  const turns = open.map((place) => ({ place, wait: waitOf(place) }));
  const ready = inDeploymentOrder(turns.filter(({ wait }) => wait === null).map(({ place }) => place));
  const waits = turns.map(({ wait }) => wait).filter((wait) => wait !== null);
  const step = stepAfter(rollout.strategy, progress);
  if (ready.length > 0 && step !== null) {
    const chosen = ready.slice(0, step.goal - progress.reached);
    return { ...progress, ...step, verdict: 'deploy', chosen, waiting: waits.length };
  }
  if (hosts.missing.length > 0) waits.push(hostWait(hosts.missing));
  const [first] = waits.sort((a, b) => a.seconds - b.seconds);
  if (first === undefined) return { ...progress, verdict: 'finished' };
  return { ...progress, verdict: 'wait', waitSeconds: first.seconds, why: first.why };
}

/** What is at a place that the target no longer has does not count. One that is repeated goes by what it brought itself: that of a wave that was never judged is not deployed twice. */
function hasVersion(
  { target, installed, isOvertaken = false }: Place,
  { id, repeat, version }: Situation['rollout'],
): boolean {
  if (installed?.fingerprint !== version.fingerprint || isOvertaken) return false;
  const elsewhere = typeof installed.place === 'string' && installed.place !== installationDigest(target);
  return !elsewhere && (!repeat || installed.rollout === id);
}

/** More versions than this are not worth telling apart. */
const mostVersions = 20;

/** The versions that may still be served rightly while not all have the new one; null when nobody can say. */
function versionsBefore(open: readonly Place[], { only }: Pick<Rollout, 'only'>): string[] | null {
  const found = new Set(open.map(({ installed }) => installed?.fingerprint ?? null));
  const known = [...found].filter((fingerprint) => fingerprint !== null);
  return only !== null || known.length < found.size || found.size > mostVersions ? null : known;
}

interface Wait {
  readonly seconds: number;
  readonly why: string;
}

/** Hosts that somebody named, and that are still on their way up: not found at all, or not online yet. */
interface AwaitedHosts {
  readonly missing: readonly string[];
  readonly offline: ReadonlySet<string>;
}

function hostsToWaitFor({ rollout, places, now }: Situation): AwaitedHosts {
  const deadline = Date.parse(rollout.startedAt) + longestHostWaitSeconds * 1000;
  const named = now.getTime() < deadline ? (rollout.only?.hosts ?? []) : [];
  const found = new Map(places.map(({ target, online }) => [target.host, online]));
  return {
    missing: named.filter((host) => !found.has(host)),
    offline: new Set(named.filter((host) => found.get(host) === false)),
  };
}

const hostWait = (hosts: readonly string[]): Wait => ({
  seconds: hostWaitSeconds,
  why: `${hosts.slice(0, 3).join(', ')}${hosts.length > 3 ? ', …' : ''} not there yet`,
});

/** What a target waits for; null when it is its turn. */
type Waiting = (place: Place) => Wait | null;

function waitingAt({ rollout, now }: Situation, { offline }: AwaitedHosts): Waiting {
  const opening = openingsAt(now);
  return ({ target, window, installed }) => {
    if (offline.has(target.host)) return hostWait([target.host]);
    if (window === null || rollout.urgent) return null;
    const opens = opening(window);
    const seconds = Math.ceil((opens - now.getTime()) / 1000);
    if (seconds <= 0 || expiresBy(opens, installed)) return null;
    const when = Number.isFinite(opens)
      ? `opens ${new Date(opens).toISOString().slice(0, 16)}Z`
      : 'never opens';
    return { seconds: Math.min(seconds, longestWaitSeconds), why: `the window of ${target.id} ${when}` };
  };
}

function expiresBy(moment: number, installed: Place['installed']): boolean {
  const notAfter = installed?.notAfter ?? null;
  return notAfter !== null && notAfter * 1000 <= moment;
}

/** Thousands of targets share a handful of windows, and rules of time zones are slow to ask. */
function openingsAt(now: Date): (window: MaintenanceWindow) => number {
  const known = new Map<string, number>();
  return (window) => {
    const key = JSON.stringify(window);
    const opens = known.get(key) ?? nextOpening(window, now)?.getTime() ?? Number.POSITIVE_INFINITY;
    known.set(key, opens);
    return opens;
  };
}
