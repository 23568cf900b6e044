// The changes of rollouts on each target, and the checks of them.
import type { Item } from '../../fakes/dynamodb/documents.ts';
import type { Execution } from './execution.ts';
import type { Json } from './graph.ts';
import type { Change } from './model-hosts.ts';
import type { World } from './world.ts';

interface Step {
  readonly action: string;
  /** The rollout that made the change; '' for an operator and for the initial version. */
  readonly rollout: string;
  readonly deploymentId: string;
  readonly from: string | null;
  readonly to: string | null;
}

export class TargetChanges {
  readonly #world: World;
  readonly #steps = new Map<string, Step[]>();
  /** The highest sequence of a rollout that has changed a target. */
  readonly #sequences = new Map<string, number>();
  /** The wave that each rollout is rolling back since its last redrive. */
  readonly #back = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  onChange({ target, job, from, to }: Change): void {
    const { targetId } = target;
    const execution = this.#byName(job.deploymentId);
    const rollout = String(execution?.plan.input.rollout ?? '');
    const step = { action: job.action, rollout, deploymentId: job.deploymentId };
    const steps = this.#of(targetId);
    // an undone change does not count
    if (job.action === 'undo' && steps.at(-1)?.deploymentId === job.deploymentId) {
      steps.pop();
      return;
    }
    const versions = { from: from?.fingerprint ?? null, to: to?.fingerprint ?? null };
    if (job.action !== 'undo') this.#checkSequence(targetId, rollout);
    if (job.action === 'rollback' && rollout !== '') this.#checkRollback(targetId, rollout, versions.to);
    steps.push({ ...step, ...versions });
    this.#steps.set(targetId, steps);
  }

  /** A deployment of a rollout has got its locks. */
  begins({ plan }: Execution, targetId: string, installed: Item | undefined): void {
    const rollout = String(plan.input.rollout);
    const { redriveCount = 0 } = plan.parent ?? {};
    if (plan.input.action === 'rollback') this.#checkOrder(rollout, targetId, redriveCount);
    else this.#checkFirst(plan, targetId, installed);
  }

  #checkFirst(plan: Execution['plan'], targetId: string, installed: Item | undefined): void {
    const rollout = String(plan.input.rollout);
    const { fingerprint } = this.#world.observer.controls.get(rollout) ?? {};
    const isDone = installed?.rollout === rollout && installed.fingerprint === fingerprint;
    const isOwn = installed?.deploymentId === plan.name;
    // an interrupted deployment, or one followed by another request, may start again; its host reports `unchanged`
    const isDisputed = [...this.#world.executions.values()].some(
      ({ plan: { input }, wasStopped: stopped }) =>
        'target' in input && idOf(input) === targetId && (stopped || input.rollout !== rollout),
    );
    if (isDone && !isOwn && !isDisputed) this.#problem(`${rollout} deploys ${targetId} a second time`);
  }

  /** Every target that the rollout changed has its previous version, unless a later deployment changed it. */
  checkRolledBack(rollout: string): void {
    for (const [targetId, steps] of this.#steps) {
      if (steps.at(-1)?.rollout !== rollout || this.#isOutOfHand(rollout, targetId)) continue;
      const was = this.#before(targetId, rollout);
      const has = this.#world.hosts.target(targetId).version?.fingerprint ?? null;
      if (has !== was) this.#problem(`${rollout} is rolled back, but ${targetId} has ${has}, not ${was}`);
    }
  }

  #isOutOfHand(rollout: string, targetId: string): boolean {
    // a later deployment of the same version takes over the target
    const { rollout: owner } = this.#world.observer.installed.get(targetId) ?? {};
    const isTheirs = owner !== undefined && owner !== rollout;
    return isTheirs || this.#isBusy(rollout, targetId) || this.#isForgotten(rollout, targetId);
  }

  /** Counts each target once by its last outcome. Checked only if every deployment has recorded its own outcome. */
  checkTally({ plan }: Execution, { counts, rolloutId }: Json): void {
    const children = [...this.#world.executions.values()].filter((one) => one.plan.parent?.plan === plan);
    const ends = children.map((child) => ({ child, item: this.#world.observer.history.get(child.plan.arn) }));
    const isKept = ({ child, item }: (typeof ends)[number]) =>
      !child.wasStopped && item?.recordedBy === 'graph' && this.#isJudged(String(rolloutId), child.plan.wave);
    const whole = ends.every(isKept);
    if (!whole || this.#world.counts['maps failed'] !== undefined) return;
    this.#world.count('tallies compared');
    const names = talliedNames(
      ends.map(({ child, item }) => ({ input: child.plan.input, outcome: String(item?.outcome) })),
    );
    const expected: Record<string, number> = {};
    for (const name of names.values()) expected[name] = (expected[name] ?? 0) + 1;
    const [reported, expectedText] = [sorted(counts as Record<string, number>), sorted(expected)];
    if (reported !== expectedText)
      this.#problem(
        `${String(rolloutId)} reports ${reported}, but its deployments result in ${expectedText}`,
      );
  }

  /** A deployment of another request is running on the target. */
  #isBusy(rollout: string, targetId: string): boolean {
    return [...this.#world.executions.values()].some(
      ({ plan: { input }, isRunning }) =>
        isRunning && input.rollout !== rollout && 'target' in input && idOf(input) === targetId,
    );
  }

  /**
   * In local mode only the Map's results list an interrupted attempt beside the next one. If these results were never
   * judged, only the `unchanged` of the last attempt is recorded.
   */
  #isForgotten(rollout: string, targetId: string): boolean {
    if (!this.#world.options.renews) return false;
    const attempts = [...this.#world.executions.values()].filter(
      ({ plan: { input } }) =>
        input.rollout === rollout && input.action === 'deploy' && idOf(input) === targetId,
    );
    return attempts.some(({ wasStopped, plan: { wave } }) => wasStopped && !this.#isJudged(rollout, wave));
  }

  #isJudged(rollout: string, wave = 0): boolean {
    const folder = `rollouts/${rollout}/wave-${wave}/`;
    const key = [...this.#world.bucket.keys()].find((one) => one.startsWith(`${folder}judged`));
    return key !== undefined && JSON.parse(this.#world.bucket.get(key) ?? '{}').brokeOff !== true;
  }

  #of(targetId: string): Step[] {
    return this.#steps.get(targetId) ?? [];
  }

  #byName(deploymentId: string): Execution | undefined {
    return this.#world.byName.get(deploymentId);
  }

  #problem(what: string): void {
    this.#world.problems.push(what);
  }

  /**
   * The version before the rollout's first change that follows the last change of another request. A change that the host
   * has recorded as failed does not count.
   */
  #before(targetId: string, rollout: string): string | null | undefined {
    const steps = this.#of(targetId);
    const foreign = steps.findLastIndex(
      (step) => step.rollout !== rollout && !this.#world.hosts.isBad(targetId, step.deploymentId),
    );
    return steps.slice(foreign + 1).find((step) => step.rollout === rollout)?.from;
  }

  #checkSequence(targetId: string, rollout: string): void {
    if (rollout === '') return;
    const sequence = Number(this.#world.observer.controls.get(rollout)?.sequence ?? 0);
    const highest = this.#sequences.get(targetId) ?? 0;
    if (sequence < highest) this.#problem(`${rollout} (${sequence}) comes over ${highest} on ${targetId}`);
    this.#sequences.set(targetId, Math.max(highest, sequence));
  }

  #checkRollback(targetId: string, rollout: string, to: string | null): void {
    const steps = this.#of(targetId);
    const last = steps.at(-1);
    // after a change that the host has recorded as failed, the rollback to the version before it is correct, even if the
    // execution of that change was stopped before it could record this
    if (last !== undefined && this.#world.hosts.isBad(targetId, last.deploymentId)) return;
    if (last?.rollout !== rollout) {
      this.#problem(`${rollout} rolls back , which ${last?.deploymentId ?? 'no deployment'} changed last`);
    } else if (to !== this.#before(targetId, rollout)) {
      this.#problem(`${rollout} puts ${to} back on ${targetId}, not ${this.#before(targetId, rollout)}`);
    }
  }

  /** The newest wave first. */
  #checkOrder(rollout: string, targetId: string, redrives: number): void {
    const forward = [...this.#world.executions.values()].filter(
      ({ plan: { input, arn } }) =>
        input.rollout === rollout &&
        input.action === 'deploy' &&
        idOf(input) === targetId &&
        this.#world.observer.history.get(arn)?.outcome !== 'skipped',
    );
    const wave = Math.max(0, ...forward.map(({ plan }) => plan.wave ?? 0));
    const key = `${rollout} ${redrives}`;
    const before = this.#back.get(key) ?? Number.POSITIVE_INFINITY;
    if (wave > before) this.#problem(`${rollout} rolls back  of wave ${wave} after wave ${before}`);
    this.#back.set(key, Math.min(before, wave));
  }
}

const idOf = ({ target }: Json) => (target as { id: string }).id;

/** Null: the outcome does not count for the target. */
/** The name under which each target counts, by target. If another deployment superseded a rollback, the forward outcome counts. */
function talliedNames(
  ends: readonly { readonly input: Json; readonly outcome: string }[],
): Map<string, string> {
  const [names, forward] = [new Map<string, string>(), new Map<string, string>()];
  for (const { input, outcome } of ends) {
    const { target, action } = input as { target: { id: string }; action: string };
    const isRollback = action === 'rollback';
    const name = isRollback ? (backName(outcome) ?? forward.get(target.id)) : outcome;
    const isKept = name === undefined || (name === 'skipped' && names.has(target.id));
    if (!isKept) names.set(target.id, name);
    if (!isKept && !isRollback) forward.set(target.id, name);
  }
  return names;
}

function backName(outcome: string): string | null {
  if (outcome === 'superseded') return null;
  return outcome === 'deployed' || outcome === 'deployed_unverified' || outcome === 'unchanged'
    ? 'returned'
    : 'not_returned';
}

const sorted = (counts: Record<string, number>) => JSON.stringify(Object.entries(counts).sort());
