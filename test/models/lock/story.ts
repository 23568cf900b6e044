// One story: executions begin, are stopped, redriven and superseded, and commands arrive late. The seed determines the order
// of all calls. In the end all failures stop, and every new execution must get its lock.
import { createHandler as releaseLock } from '../../../lambdas/handlers/events/release-lock.ts';
import { fingerprint, rawRequest } from '../../fixtures/factories.ts';
import { aRollout } from '../../fixtures/new-rollout.ts';
import { Environment } from './environment.ts';
import { isTransient } from './interleaver.ts';
import { type Plan, Run } from './run.ts';

/** A new execution. `older` and `newer` are deployments of two rollouts of the same certificate. */
export interface Beginning {
  readonly kind: 'operator' | 'dryRun' | 'older' | 'newer';
  readonly target: number;
  readonly skewMinutes: number;
}

export interface StoryInput {
  readonly seed: number;
  readonly hosts: number;
  readonly beginnings: readonly Beginning[];
}

const certificate = 'api.example.com';
const maximumTurns = 4_000;

/** Plays the story to its end, and returns its environment with the violations. */
export async function play(input: StoryInput): Promise<Environment> {
  const story = new Story(input);
  await story.begin();
  await story.unfold();
  await story.settle();
  await story.requestAgain();
  return story.by;
}

class Story {
  readonly by: Environment;
  readonly #input: StoryInput;
  readonly #waiting: Beginning[];
  /** Events that report the end of an execution; some arrive twice, some never. */
  readonly #events: Run[] = [];
  #newer = false;

  constructor(input: StoryInput) {
    this.#input = input;
    this.by = new Environment(input.seed);
    this.#waiting = [...input.beginnings];
  }

  async begin(): Promise<void> {
    await this.#beginRollout('older', '2026-11-22T11:00:00.000Z');
    this.by.interleaver.mishapsPercent = 4;
  }

  async unfold(): Promise<void> {
    const { interleaver } = this.by;
    for (let turn = 0; turn < maximumTurns && !this.#isOver(); turn += 1) {
      if (!interleaver.chance(25)) await interleaver.step();
      else await this.#happens();
    }
  }

  /** Failures stop: every running execution ends. */
  async settle(): Promise<void> {
    this.by.calm();
    await this.#runDry();
    const stuck = this.by.runs.filter(({ status }) => status === 'running');
    for (const { plan } of stuck) this.by.problems.push(`${plan.arn} waits for ever`);
  }

  /** One new request for each target: it gets the lock, and the host has its version. */
  async requestAgain(): Promise<void> {
    const { by } = this;
    const ids = [...new Set(by.runs.map(({ plan }) => plan.targetId))];
    by.unverifiedPercent = 0;
    const fresh = ids.map((targetId) =>
      this.#start({ kind: 'operator', target: Number(targetId.slice(1)), skewMinutes: 0 }),
    );
    await this.#runDry();
    by.landLate();
    for (const run of fresh) this.#checkFresh(run);
    this.#checkRecords();
  }

  #isOver(): boolean {
    return this.#waiting.length === 0 && this.by.runs.every(({ status }) => status !== 'running');
  }

  async #happens(): Promise<void> {
    const { interleaver } = this.by;
    const drawn = interleaver.draw(100);
    if (drawn < 35) this.by.land();
    else if (drawn < 60) await this.#next();
    else if (drawn < 75) this.#stopOne();
    else if (drawn < 85) this.#redriveOne();
    else if (drawn < 95) this.#deliverEvent();
    else if (drawn < 98) this.by.landLate();
    else await this.#haltSomething();
  }

  async #next(): Promise<void> {
    const beginning = this.#waiting.shift();
    if (beginning === undefined) return;
    if (beginning.kind === 'newer' && !this.#newer) {
      this.#newer = true;
      await this.#beginRollout('newer', '2026-11-22T11:30:00.000Z');
    }
    this.#start(beginning);
  }

  async #beginRollout(id: string, startedAt: string): Promise<void> {
    const { rollouts } = this.by.atOnce;
    await rollouts.begin(aRollout({ id, certificate, startedAt, version: id }), { repeat: false });
    await rollouts.setTolerated(id, 100);
  }

  #start({ kind, target, skewMinutes }: Beginning): Run {
    const number = this.by.runs.length;
    const rollout = kind === 'older' || kind === 'newer' ? kind : undefined;
    const plan: Plan = {
      // two machines may have executions of the same name
      arn: `arn:aws:states:eu-west-1:123456789012:execution:machine-${number}:run-${Math.floor(number / 2)}`,
      name: `run-${Math.floor(number / 2)}`,
      targetId: `t${target}`,
      host: `mi-${String(target % this.#input.hosts).padStart(17, '0')}`,
      action: kind === 'dryRun' ? 'validate' : 'deploy',
      version: rollout ?? `version-${number}`,
      rollout,
      sequence: rollout === undefined ? 0 : rollout === 'older' ? 1 : 2,
      skew: skewMinutes * 60_000,
    };
    const run = new Run(plan, requestOf(plan), this.by);
    this.by.runs.push(run);
    void run.go();
    return run;
  }

  #stopOne(): void {
    const run = this.by.interleaver.pick(this.by.runs.filter(({ status }) => status === 'running'));
    if (run === undefined) return;
    run.stop();
    this.#count('stopped');
    for (const percent of [70, 20]) if (this.by.interleaver.chance(percent)) this.#events.push(run);
  }

  #redriveOne(): void {
    const run = this.by.interleaver.pick(this.by.runs.filter(({ status }) => status === 'stopped'));
    if (run === undefined) return;
    this.#count('redriven');
    void run.go();
  }

  #deliverEvent(): void {
    const [run] = this.#events.splice(this.by.interleaver.draw(this.#events.length), 1);
    if (run === undefined) return;
    this.#count('events');
    const release = releaseLock(this.by.servicesOf(run.plan));
    const { id: executionArn, name, startedAt } = run.execution;
    const input = JSON.stringify(run.request);
    const detail = { executionArn, name, status: 'ABORTED', startDate: Date.parse(startedAt), input };
    release({ detail }).catch((error: unknown) => {
      if (!isTransient(error)) this.by.problems.push(`release-lock: ${String(error)}`);
    });
  }

  async #haltSomething(): Promise<void> {
    this.#count('halts');
    await this.by.atOnce.rollouts.halt('older', 'a person says so');
  }

  async #runDry(): Promise<void> {
    for (let turn = 0; turn < maximumTurns; turn += 1) {
      this.by.land();
      const moved = await this.by.interleaver.step();
      if (!moved && this.by.inFlight === 0) return;
    }
  }

  #checkFresh(run: Run): void {
    const { targetId, version } = run.plan;
    if (run.recorded !== 'deployed' && run.recorded !== 'unchanged') {
      this.by.problems.push(`${targetId}: a new request ended ${run.recorded}`);
    }
    if (this.by.hosts.version(targetId) !== version) {
      this.by.problems.push(`${targetId} has ${this.by.hosts.version(targetId)}, not ${version}`);
    }
  }

  #checkRecords(): void {
    const { by } = this;
    for (const { owner, pk } of by.items('locks')) {
      if (owner !== undefined) by.problems.push(`${String(pk)} is still held by ${String(owner)}`);
    }
    const history = by.items('deployments');
    for (const run of by.runs.filter(({ recorded }) => recorded !== null)) {
      const items = history.filter(({ executionArn }) => executionArn === run.plan.arn);
      if (items.length !== 1) by.problems.push(`${run.plan.arn} has ${items.length} items of history`);
    }
    for (const item of by.items('registry').filter(({ sk }) => sk === 'installed')) {
      const has = by.hosts.version(String(item.targetId));
      if (item.fingerprint !== fingerprint(has)) by.problems.push(`${String(item.targetId)}: wrong belief`);
    }
    this.#checkFailures(history);
  }

  #checkFailures(history: readonly Record<string, unknown>[]): void {
    for (const id of ['older', 'newer']) {
      const control = this.by
        .items('registry')
        .find(({ pk, sk }) => pk === `rollout#${id}` && sk === 'control');
      const failed = history.filter(
        ({ rollout, outcome, recordedBy }) =>
          rollout === id &&
          recordedBy === 'graph' &&
          !['deployed', 'unchanged', 'superseded', 'skipped'].includes(String(outcome)),
      );
      const counted = Number(control?.failures ?? 0);
      if (counted !== failed.length)
        this.by.problems.push(`${id}: ${counted} failures counted, ${failed.length} recorded`);
    }
  }

  #count(what: string): void {
    this.by.counts[what] = (this.by.counts[what] ?? 0) + 1;
  }
}

function requestOf({ targetId, host, action, version, rollout }: Plan): object {
  const { version: raw, ...request } = rawRequest({ target: { id: targetId, host, certificate }, action });
  return {
    ...request,
    version: { ...raw, fingerprint: fingerprint(version) },
    ...(rollout !== undefined && { rollout }),
  };
}
