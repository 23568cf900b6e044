// Hosts that obey fences, receipts and journals as the agent does (agent-scripts/); they cannot show files, daemons or keys.
import type { agentLine } from '../../../core/deployment/agent-line.ts';
import type { VersionFacts } from '../../../core/deployment/version.ts';

export interface ModelJob {
  readonly action: 'deploy' | 'rollback' | 'undo' | 'inspect';
  readonly host: string;
  readonly targetId: string;
  readonly deploymentId: string;
  readonly fence: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** Of a rollback: the only version that it takes away. */
  readonly replaces?: string | undefined;
  readonly rollout?: string | undefined;
  /** Of a deploy job. */
  readonly version: VersionFacts | null;
}

/** What becomes of a job that is to change something. */
export type Manner =
  | 'well'
  | 'not served'
  | 'reload_failed'
  | 'validate_failed'
  | 'rollback_failed'
  | 'dies before'
  | 'dies in the middle'
  | 'dies at the end';

type Said = Parameters<typeof agentLine>[0];

interface Receipt {
  readonly id: string;
  readonly fence: number;
  line: Said;
  /** What it replaced; undefined where it changed nothing. */
  readonly before: VersionFacts | null | undefined;
  readonly origin: string;
  readonly rollout?: string | undefined;
  undone: boolean;
}

export interface ModelPlace {
  readonly targetId: string;
  readonly host: string;
  version: VersionFacts | null;
  served: boolean;
  seen: number;
  seenBy: string;
  readonly receipts: Receipt[];
  journal: { readonly before: VersionFacts | null; readonly job: ModelJob } | null;
}

/** One change of what is in place. `undoes`: the deployment whose change it takes back. */
export interface Change {
  readonly place: ModelPlace;
  readonly job: ModelJob;
  readonly from: VersionFacts | null;
  readonly to: VersionFacts | null;
}

export class ModelHosts {
  readonly #places = new Map<string, ModelPlace>();
  readonly problems: string[] = [];
  readonly counts: Record<string, number> = {};
  #manner: () => Manner = () => 'well';
  #onChange: (change: Change) => void = () => {};
  #onEnd: (job: ModelJob, line: Said) => void = () => {};

  constructor(by: {
    manner: () => Manner;
    onChange: (change: Change) => void;
    onEnd: (job: ModelJob, line: Said) => void;
  }) {
    this.#manner = by.manner;
    this.#onChange = by.onChange;
    this.#onEnd = by.onEnd;
  }

  /** A place as it is before the story: with a version that a deployment brought, one that was always there, or nothing. */
  add(targetId: string, host: string, version: VersionFacts | null, before: VersionFacts | null): void {
    const line = { deploymentId: 'first', targetId, outcome: 'applied', summary: 'first', version } as const;
    const receipts =
      version === null ? [] : [{ id: 'first', fence: 1, line, before, origin: 'first', undone: false }];
    const place = { targetId, host, version, served: true, journal: null, receipts };
    this.#places.set(targetId, { ...place, seen: version === null ? 0 : 1, seenBy: 'first' });
  }

  place(targetId: string): ModelPlace {
    const place = this.#places.get(targetId);
    if (place === undefined) throw new Error(`no place for ${targetId}`);
    return place;
  }

  /** What a deployment did there could not be undone, as its host itself has found. */
  isBad(targetId: string, deploymentId: string): boolean {
    const own = this.place(targetId).receipts.find(({ id }) => id === deploymentId);
    return own?.line.outcome === 'rollback_failed';
  }

  /** Somebody has seen to it that every daemon serves what is in its files. */
  mend(): void {
    for (const place of this.#places.values()) place.served = true;
  }

  /** The agent's line; null where it died without one. */
  run(job: ModelJob, nowSeconds: number): Said | null {
    this.#count(job.action);
    for (const place of this.#places.values()) if (place.host === job.host) this.#recover(place);
    const place = this.place(job.targetId);
    const said = this.#perform(place, job, nowSeconds);
    if (said === null) this.#count('agents died');
    else this.#onEnd(job, said);
    return said;
  }

  #perform(place: ModelPlace, job: ModelJob, nowSeconds: number): Said | null {
    const own = place.receipts.find(({ id }) => id === job.deploymentId);
    const changes = job.action === 'deploy' || job.action === 'rollback';
    if (changes && own !== undefined) {
      return own.fence === job.fence ? own.line : this.#rejected(job, 'InvalidRequest');
    }
    if (nowSeconds > job.expiresAt) return this.#rejected(job, 'JobExpired');
    if (job.action === 'inspect') return inspected(place, job, own);
    if (job.fence < place.seen) return this.#rejected(job, 'StaleFence');
    if (job.fence === place.seen && place.seenBy !== job.deploymentId) {
      this.problems.push(`${job.targetId}: ${place.seenBy} and ${job.deploymentId} under fence ${job.fence}`);
    }
    Object.assign(place, { seen: job.fence, seenBy: job.deploymentId });
    if (job.action === 'undo') return this.#rollBack(place, job, own);
    return job.action === 'deploy' ? this.#deploy(place, job) : this.#rollback(place, job);
  }

  #deploy(place: ModelPlace, job: ModelJob): Said | null {
    const installed = installedReceipt(place);
    const { version } = job;
    if (
      installed !== undefined &&
      same(place.version, version) &&
      same(installed.line.version ?? null, version)
    ) {
      // a daemon that serves something else is told to read its files again
      place.served ||= this.#manner() === 'well';
      const line = { ...about(job), outcome: 'unchanged', version, previousVersion: version } as const;
      const receipt = { line, before: undefined, origin: installed.origin };
      place.receipts.unshift({ id: job.deploymentId, fence: job.fence, ...receipt, undone: false });
      return line;
    }
    return this.#apply(place, job, version, job.deploymentId);
  }

  #rollback(place: ModelPlace, job: ModelJob): Said | null {
    const installed = installedReceipt(place);
    const has = installed?.line.version ?? null;
    const isOurs = job.rollout === undefined || installed?.rollout === job.rollout;
    const isToGo = has?.fingerprint === job.replaces && isOurs;
    if (job.replaces !== undefined && installed !== undefined && !isToGo) {
      this.#count('rollbacks that left it alone');
      const line = { ...about(job), outcome: 'unchanged', version: has, previousVersion: has } as const;
      const receipt = { line, before: undefined, origin: installed.origin };
      place.receipts.unshift({ id: job.deploymentId, fence: job.fence, ...receipt, undone: false });
      return line;
    }
    const origin = place.receipts.find(({ id }) => id === installed?.origin);
    if (origin?.before == null) return this.#rejected(job, 'NoReceipt');
    const older = place.receipts.filter(({ fence }) => fence < origin.fence);
    return this.#apply(place, job, origin.before, older.find(isInstalled)?.origin ?? '');
  }

  #apply(place: ModelPlace, job: ModelJob, version: VersionFacts | null, origin: string): Said | null {
    const before = place.version;
    const manner = this.#manner();
    if (manner !== 'well') this.#count(manner);
    if (manner === 'dies before') return null;
    const changed = !['validate_failed', 'reload_failed', 'dies in the middle'].includes(manner);
    if (changed) this.#change(place, job, version);
    place.served = manner !== 'not served';
    if (manner === 'dies in the middle') {
      place.journal = { before, job };
      this.#change(place, job, version);
      return null;
    }
    const outcome = outcomes[manner] ?? 'applied';
    const has = changed ? version : before;
    const line = { ...about(job), outcome, version: has, previousVersion: before } as const;
    const receipt = { line, before: changed ? before : undefined, origin, rollout: job.rollout };
    place.receipts.unshift({ id: job.deploymentId, fence: job.fence, ...receipt, undone: false });
    return manner === 'dies at the end' ? null : line;
  }

  #rollBack(place: ModelPlace, job: ModelJob, own: Receipt | undefined): Said | null {
    if (own === undefined || own.before === undefined || own.undone || own.line.outcome !== 'applied') {
      if (own?.line.outcome === 'rollback_failed') return own.line;
      return { ...about(job), outcome: 'restored', version: place.version };
    }
    if (installedReceipt(place)?.id !== job.deploymentId) return this.#rejected(job, 'StaleFence');
    const manner = this.#manner();
    if (manner === 'dies before') return null;
    own.undone = true;
    if (manner === 'rollback_failed') {
      own.line = { ...about(job), outcome: 'rollback_failed', reason: 'RestoreFailed', version: null };
      return own.line;
    }
    this.#change(place, job, own.before);
    place.served = true;
    if (manner === 'dies at the end') return null;
    return { ...about(job), outcome: 'restored', version: place.version };
  }

  /** What an agent that died left half done is put back by the next one on that host. */
  #recover(place: ModelPlace): void {
    if (place.journal === null) return;
    const { before, job } = place.journal;
    place.journal = null;
    this.#count('recovered');
    this.#change(place, { ...job, action: 'undo' }, before);
    place.served = true;
  }

  #change(place: ModelPlace, job: ModelJob, to: VersionFacts | null): void {
    const from = place.version;
    place.version = to;
    this.#onChange({ place, job, from, to });
  }

  #rejected(job: ModelJob, reason: string): Said {
    this.#count(`refused: ${reason}`);
    return { ...about(job), outcome: 'rejected', reason };
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

const outcomes: Partial<Record<Manner, 'reload_failed' | 'validate_failed' | 'rollback_failed'>> = {
  reload_failed: 'reload_failed',
  validate_failed: 'validate_failed',
  rollback_failed: 'rollback_failed',
};

const about = ({ deploymentId, targetId, action }: ModelJob) => ({ deploymentId, targetId, summary: action });
const same = (one: VersionFacts | null, other: VersionFacts | null) =>
  one?.fingerprint === other?.fingerprint;
const isInstalled = ({ before, undone, line }: Receipt) =>
  before !== undefined && !undone && line.outcome === 'applied';
const installedReceipt = ({ receipts }: ModelPlace) => receipts.find(isInstalled);

function inspected(place: ModelPlace, job: ModelJob, own: Receipt | undefined): Said {
  if (own !== undefined && !own.undone) return own.line;
  return { ...about(job), outcome: 'lost', version: place.version };
}
