import { installationDigest } from '../targets/installation-digest.ts';
import type { Target } from '../targets/target.ts';
import type { MaintenanceWindow } from '../targets/window.ts';
import { inDeploymentOrder } from './deployment-order.ts';
import type { Rollout } from './rollout.ts';
import { type Step, stepAfter } from './wave-sizes.ts';
import { nextOpening } from './window-opening.ts';

/** A target on one host. `installed`: its version according to the registry; null before the first deployment. */
export interface RolloutTarget {
  readonly target: Target;
  readonly online: boolean;
  /** When an instance that is not online was launched or started, epoch milliseconds; missing if unknown. */
  readonly startedAt?: number | undefined;
  readonly window: MaintenanceWindow | null;
  readonly installed: InstalledOnTarget | null;
  /**
   * The last request that got the target's lock is for another version. A deployment of an older rollout may still be
   * running, so `installed` is about to change.
   */
  readonly isChanging?: boolean;
}

interface InstalledOnTarget {
  readonly fingerprint: string | null;
  /** The {@link installationDigest} of the target that it was deployed to. */
  readonly installation?: string | null | undefined;
  readonly notAfter: number | null;
  /** The id of the rollout that installed it. */
  readonly rollout?: string | null | undefined;
}

/** The input of {@link planWave}. */
export interface RolloutSituation {
  readonly rollout: Pick<Rollout, 'id' | 'only' | 'repeat' | 'startedAt' | 'strategy' | 'urgent' | 'version'>;
  readonly targets: readonly RolloutTarget[];
  /** The number of further targets that cannot be deployed to. They count as reached. */
  readonly refused: number;
  /** The ids of targets that this rollout has already tried, successfully or not. */
  readonly done: ReadonlySet<string>;
  /** Since when the rollout waits only for instances that start, epoch seconds; null if it does not. */
  readonly startingSince?: number | null | undefined;
  readonly now: Date;
}

/** The progress of a rollout. `previousVersions`: see `Wave`. */
interface Progress {
  readonly reached: number;
  readonly total: number;
  readonly previousVersions: string[] | null;
}

/** `wait`: no target can be deployed to for `waitSeconds`; `why` is the reason. */
export type Plan =
  | (Progress &
      Step & { readonly verdict: 'deploy'; readonly chosen: RolloutTarget[]; readonly waiting: number })
  | (Progress & {
      readonly verdict: 'wait';
      readonly waitSeconds: number;
      readonly why: string;
      /** The rollout waits only for instances that start. */
      readonly forStarting: boolean;
    })
  /** `starting`: the number of targets that are left out, because their instances are still starting. */
  | (Progress & { readonly verdict: 'finished'; readonly starting: number });

/** Seconds between two checks whether a new host is online. */
const hostWaitSeconds = 15;
/** Seconds since the start of the rollout during which it waits for hosts; after that, their deployments fail. */
const maximumHostWaitSeconds = 20 * 60;
/** Seconds after its launch during which an instance that is not online is starting, and its deployment would only fail. */
const startingSeconds = 20 * 60;
/** Seconds during which the rollout waits for such instances alone. New instances may start, and fail, without end. */
const maximumStartingWaitSeconds = 20 * 60;
/** Seconds; every window opens within a week. A window that never opens is checked again too. */
const maximumWaitSeconds = 7 * 86_400;

/**
 * Plans the next wave of a rollout: as many targets as the next step of the strategy requires. Targets with a closed
 * maintenance window are left out; if no other targets are left, the rollout waits.
 */
export function planWave(situation: RolloutSituation): Plan {
  const { rollout, targets, refused, done } = situation;
  const open = targets.filter((one) => !done.has(one.target.id) && !hasVersion(one, rollout));
  const total = targets.length + refused;
  const progress = {
    reached: total - open.length,
    total,
    previousVersions: previousVersionsOf(open, rollout),
  };
  const hosts = hostsToWaitFor(situation);
  const waitOf = waitRule(situation, hosts);
  const starting = open.filter((one) => isStarting(one, situation));
  const awaited = isStartingOver(situation) ? open.filter((one) => !starting.includes(one)) : open;
  const candidates = awaited.map((one) => ({ one, wait: waitOf(one) }));
  const ready = inDeploymentOrder(candidates.filter(({ wait }) => wait === null).map(({ one }) => one));
  const waits = candidates.map(({ wait }) => wait).filter((wait) => wait !== null);
  const step = stepAfter(rollout.strategy, progress);
  if (ready.length > 0 && step !== null) {
    const chosen = ready.slice(0, step.goal - progress.reached);
    return { ...progress, ...step, verdict: 'deploy', chosen, waiting: waits.length };
  }
  if (hosts.missing.length > 0) waits.push(hostWait(hosts.missing));
  const [first] = waits.sort((a, b) => a.seconds - b.seconds);
  if (first === undefined) return { ...progress, verdict: 'finished', starting: starting.length };
  const forStarting = waits.length > 0 && waits.length === starting.length;
  return { ...progress, verdict: 'wait', waitSeconds: first.seconds, why: first.why, forStarting };
}

function isStarting({ online, startedAt }: RolloutTarget, { now }: RolloutSituation): boolean {
  return !online && startedAt !== undefined && now.getTime() - startedAt < startingSeconds * 1000;
}

function isStartingOver({ startingSince, now }: RolloutSituation): boolean {
  return startingSince != null && now.getTime() / 1000 - startingSince >= maximumStartingWaitSeconds;
}

/**
 * Whether the target needs no deployment. A version installed with another kind, config or host does not count. With
 * `repeat`, only a version installed by this rollout counts, so that a wave without a judgement is not deployed twice.
 */
function hasVersion(
  { target, installed, isChanging = false }: RolloutTarget,
  { id, repeat, version }: RolloutSituation['rollout'],
): boolean {
  if (installed?.fingerprint !== version.fingerprint || isChanging) return false;
  const { installation } = installed;
  const isMoved = typeof installation === 'string' && installation !== installationDigest(target);
  return !isMoved && (!repeat || installed.rollout === id);
}

/** With more versions than this, the list is replaced by null: any version is accepted. */
const maximumVersions = 20;

/** The versions that services may serve while targets are left; null if unknown. */
function previousVersionsOf(
  open: readonly RolloutTarget[],
  { only }: Pick<Rollout, 'only'>,
): string[] | null {
  const found = new Set(open.map(({ installed }) => installed?.fingerprint ?? null));
  const known = [...found].filter((fingerprint) => fingerprint !== null);
  return only !== null || known.length < found.size || found.size > maximumVersions ? null : known;
}

interface Wait {
  readonly seconds: number;
  readonly why: string;
}

/** Hosts that the request names and that are still starting: not found yet, or not online yet. */
interface AwaitedHosts {
  readonly missing: readonly string[];
  readonly offline: ReadonlySet<string>;
}

function hostsToWaitFor({ rollout, targets, now }: RolloutSituation): AwaitedHosts {
  const deadline = Date.parse(rollout.startedAt) + maximumHostWaitSeconds * 1000;
  const named = now.getTime() < deadline ? (rollout.only?.hosts ?? []) : [];
  const found = new Map(targets.map(({ target, online }) => [target.host, online]));
  return {
    missing: named.filter((host) => !found.has(host)),
    offline: new Set(named.filter((host) => found.get(host) === false)),
  };
}

const hostWait = (hosts: readonly string[]): Wait => ({
  seconds: hostWaitSeconds,
  why: `${hosts.slice(0, 3).join(', ')}${hosts.length > 3 ? ', …' : ''} not online yet`,
});

/** The reason why a target must wait; null if it can be deployed to now. */
type WaitOf = (target: RolloutTarget) => Wait | null;

function waitRule(situation: RolloutSituation, { offline }: AwaitedHosts): WaitOf {
  const { rollout, now } = situation;
  const opening = openingsAt(now);
  return (one) => {
    const { target, window, installed } = one;
    if (offline.has(target.host) || isStarting(one, situation)) return hostWait([target.host]);
    if (window === null || rollout.urgent) return null;
    const opens = opening(window);
    const seconds = Math.ceil((opens - now.getTime()) / 1000);
    if (seconds <= 0 || expiresBy(opens, installed)) return null;
    const when = Number.isFinite(opens)
      ? `opens ${new Date(opens).toISOString().slice(0, 16)}Z`
      : 'never opens';
    return { seconds: Math.min(seconds, maximumWaitSeconds), why: `the window of ${target.id} ${when}` };
  };
}

function expiresBy(moment: number, installed: RolloutTarget['installed']): boolean {
  const notAfter = installed?.notAfter ?? null;
  return notAfter !== null && notAfter * 1000 <= moment;
}

/** Caches openings: thousands of targets share few windows, and time zone rules are slow to evaluate. */
function openingsAt(now: Date): (window: MaintenanceWindow) => number {
  const known = new Map<string, number>();
  return (window) => {
    const key = JSON.stringify(window);
    const opens = known.get(key) ?? nextOpening(window, now)?.getTime() ?? Number.POSITIVE_INFINITY;
    known.set(key, opens);
    return opens;
  };
}
