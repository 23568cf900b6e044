// Hosts with fences, receipts and journals like those of the agent. They do not model files, daemons or keys.
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
  /** For a rollback: the only version that it removes. */
  readonly replaces?: string | undefined;
  readonly rollout?: string | undefined;
  /** For a deploy job. */
  readonly version: VersionFacts | null;
}

/** How a job that changes the target ends. */
export type JobBehaviour =
  | 'well'
  | 'not served'
  | 'reload_failed'
  | 'validate_failed'
  | 'rollback_failed'
  | 'dies before'
  | 'dies in the middle'
  | 'dies at the end';

type AgentLine = Parameters<typeof agentLine>[0];

interface Receipt {
  readonly id: string;
  readonly fence: number;
  line: AgentLine;
  /** The version that it replaced; undefined if it changed nothing. */
  readonly before: VersionFacts | null | undefined;
  readonly origin: string;
  readonly rollout?: string | undefined;
  undone: boolean;
}

export interface ModelTarget {
  readonly targetId: string;
  readonly host: string;
  version: VersionFacts | null;
  served: boolean;
  seen: number;
  seenBy: string;
  readonly receipts: Receipt[];
  journal: { readonly before: VersionFacts | null; readonly job: ModelJob } | null;
}

/** One change of the installed version. */
export interface Change {
  readonly target: ModelTarget;
  readonly job: ModelJob;
  readonly from: VersionFacts | null;
  readonly to: VersionFacts | null;
}

export class ModelHosts {
  readonly #targets = new Map<string, ModelTarget>();
  readonly problems: string[] = [];
  readonly counts: Record<string, number> = {};
  #behaviour: () => JobBehaviour = () => 'well';
  #onChange: (change: Change) => void = () => {};
  #onEnd: (job: ModelJob, line: AgentLine) => void = () => {};

  constructor(by: {
    behaviour: () => JobBehaviour;
    onChange: (change: Change) => void;
    onEnd: (job: ModelJob, line: AgentLine) => void;
  }) {
    this.#behaviour = by.behaviour;
    this.#onChange = by.onChange;
    this.#onEnd = by.onEnd;
  }

  /** Adds a target as it is before the story: with a deployed version, or with none. */
  add(targetId: string, host: string, version: VersionFacts | null, before: VersionFacts | null): void {
    const line = { deploymentId: 'first', targetId, outcome: 'applied', summary: 'first', version } as const;
    const receipts =
      version === null ? [] : [{ id: 'first', fence: 1, line, before, origin: 'first', undone: false }];
    const target = { targetId, host, version, served: true, journal: null, receipts };
    this.#targets.set(targetId, { ...target, seen: version === null ? 0 : 1, seenBy: 'first' });
  }

  target(targetId: string): ModelTarget {
    const target = this.#targets.get(targetId);
    if (target === undefined) throw new Error(`no target for ${targetId}`);
    return target;
  }

  /** Whether the host has recorded that it could not undo this deployment. */
  isBad(targetId: string, deploymentId: string): boolean {
    const own = this.target(targetId).receipts.find(({ id }) => id === deploymentId);
    return own?.line.outcome === 'rollback_failed';
  }

  /** Repairs all daemons: each serves the version in its files. */
  mend(): void {
    for (const target of this.#targets.values()) target.served = true;
  }

  /** The line of the agent; null if the agent died before it printed one. */
  run(job: ModelJob, nowSeconds: number): AgentLine | null {
    this.#count(job.action);
    for (const target of this.#targets.values()) if (target.host === job.host) this.#recover(target);
    const target = this.target(job.targetId);
    const line = this.#perform(target, job, nowSeconds);
    if (line === null) this.#count('agents died');
    else this.#onEnd(job, line);
    return line;
  }

  #perform(target: ModelTarget, job: ModelJob, nowSeconds: number): AgentLine | null {
    const own = target.receipts.find(({ id }) => id === job.deploymentId);
    const changes = job.action === 'deploy' || job.action === 'rollback';
    if (changes && own !== undefined) {
      return own.fence === job.fence ? own.line : this.#rejected(job, 'InvalidRequest');
    }
    if (nowSeconds > job.expiresAt) return this.#rejected(job, 'JobExpired');
    if (job.action === 'inspect') return inspected(target, job, own);
    if (job.fence < target.seen) return this.#rejected(job, 'StaleFence');
    if (job.fence === target.seen && target.seenBy !== job.deploymentId) {
      this.problems.push(
        `${job.targetId}: ${target.seenBy} and ${job.deploymentId} under fence ${job.fence}`,
      );
    }
    Object.assign(target, { seen: job.fence, seenBy: job.deploymentId });
    if (job.action === 'undo') return this.#rollBack(target, job, own);
    return job.action === 'deploy' ? this.#deploy(target, job) : this.#rollback(target, job);
  }

  #deploy(target: ModelTarget, job: ModelJob): AgentLine | null {
    const installed = installedReceipt(target);
    const { version } = job;
    if (
      installed !== undefined &&
      same(target.version, version) &&
      same(installed.line.version ?? null, version)
    ) {
      // a daemon that serves another certificate is reloaded
      target.served ||= this.#behaviour() === 'well';
      const line = { ...about(job), outcome: 'unchanged', version, previousVersion: version } as const;
      const receipt = { line, before: undefined, origin: installed.origin };
      target.receipts.unshift({ id: job.deploymentId, fence: job.fence, ...receipt, undone: false });
      return line;
    }
    return this.#apply(target, job, version, job.deploymentId);
  }

  #rollback(target: ModelTarget, job: ModelJob): AgentLine | null {
    const installed = installedReceipt(target);
    const has = installed?.line.version ?? null;
    const isOurs = job.rollout === undefined || installed?.rollout === job.rollout;
    const isToGo = has?.fingerprint === job.replaces && isOurs;
    if (job.replaces !== undefined && installed !== undefined && !isToGo) {
      this.#count('rollbacks that left it alone');
      const line = { ...about(job), outcome: 'unchanged', version: has, previousVersion: has } as const;
      const receipt = { line, before: undefined, origin: installed.origin };
      target.receipts.unshift({ id: job.deploymentId, fence: job.fence, ...receipt, undone: false });
      return line;
    }
    const origin = target.receipts.find(({ id }) => id === installed?.origin);
    if (origin?.before == null) return this.#rejected(job, 'NoReceipt');
    const older = target.receipts.filter(({ fence }) => fence < origin.fence);
    return this.#apply(target, job, origin.before, older.find(isInstalled)?.origin ?? '');
  }

  #apply(target: ModelTarget, job: ModelJob, version: VersionFacts | null, origin: string): AgentLine | null {
    const before = target.version;
    const behaviour = this.#behaviour();
    if (behaviour !== 'well') this.#count(behaviour);
    if (behaviour === 'dies before') return null;
    const changed = !['validate_failed', 'reload_failed', 'dies in the middle'].includes(behaviour);
    if (changed) this.#change(target, job, version);
    target.served = behaviour !== 'not served';
    if (behaviour === 'dies in the middle') {
      target.journal = { before, job };
      this.#change(target, job, version);
      return null;
    }
    const outcome = outcomes[behaviour] ?? 'applied';
    const has = changed ? version : before;
    const line = { ...about(job), outcome, version: has, previousVersion: before } as const;
    const receipt = { line, before: changed ? before : undefined, origin, rollout: job.rollout };
    target.receipts.unshift({ id: job.deploymentId, fence: job.fence, ...receipt, undone: false });
    return behaviour === 'dies at the end' ? null : line;
  }

  #rollBack(target: ModelTarget, job: ModelJob, own: Receipt | undefined): AgentLine | null {
    if (own === undefined || own.before === undefined || own.undone || own.line.outcome !== 'applied') {
      if (own?.line.outcome === 'rollback_failed') return own.line;
      return { ...about(job), outcome: 'restored', version: target.version };
    }
    if (installedReceipt(target)?.id !== job.deploymentId) return this.#rejected(job, 'StaleFence');
    const behaviour = this.#behaviour();
    if (behaviour === 'dies before') return null;
    own.undone = true;
    if (behaviour === 'rollback_failed') {
      own.line = { ...about(job), outcome: 'rollback_failed', reason: 'RestoreFailed', version: null };
      return own.line;
    }
    this.#change(target, job, own.before);
    target.served = true;
    if (behaviour === 'dies at the end') return null;
    return { ...about(job), outcome: 'restored', version: target.version };
  }

  /** Reverses the incomplete change of an agent that died; the next agent on the host does this. */
  #recover(target: ModelTarget): void {
    if (target.journal === null) return;
    const { before, job } = target.journal;
    target.journal = null;
    this.#count('recovered');
    this.#change(target, { ...job, action: 'undo' }, before);
    target.served = true;
    const line = { ...about(job), outcome: 'restored', reason: 'Interrupted', version: before } as const;
    target.receipts.unshift(unchangedReceipt(job, line));
  }

  #change(target: ModelTarget, job: ModelJob, to: VersionFacts | null): void {
    const from = target.version;
    target.version = to;
    this.#onChange({ target, job, from, to });
  }

  #rejected(job: ModelJob, reason: string): AgentLine {
    this.#count(`refused: ${reason}`);
    return { ...about(job), outcome: 'rejected', reason };
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

const outcomes: Partial<Record<JobBehaviour, 'reload_failed' | 'validate_failed' | 'rollback_failed'>> = {
  reload_failed: 'reload_failed',
  validate_failed: 'validate_failed',
  rollback_failed: 'rollback_failed',
};

const about = ({ deploymentId, targetId, action }: ModelJob) => ({ deploymentId, targetId, summary: action });
const same = (one: VersionFacts | null, other: VersionFacts | null) =>
  one?.fingerprint === other?.fingerprint;
const isInstalled = ({ before, undone, line }: Receipt) =>
  before !== undefined && !undone && line.outcome === 'applied';
const installedReceipt = ({ receipts }: ModelTarget) => receipts.find(isInstalled);

/** A deployment without a receipt gets one: if its job arrives late, it changes nothing. */
function inspected(target: ModelTarget, job: ModelJob, own: Receipt | undefined): AgentLine {
  const { version } = target;
  if (own === undefined) {
    const line = { ...about(job), outcome: 'rejected', reason: 'NotPerformed', version } as const;
    target.receipts.unshift(unchangedReceipt(job, line));
    return line;
  }
  if (!own.undone || own.line.outcome !== 'applied') return own.line;
  return { ...about(job), outcome: 'restored', version };
}

const unchangedReceipt = ({ deploymentId: id, fence }: ModelJob, line: AgentLine): Receipt => ({
  id,
  fence,
  line,
  before: undefined,
  origin: id,
  undone: false,
});
