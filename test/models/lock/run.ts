// One execution of deploy-target: a short form of the state machine around the real tasks, with the same retries.
import type { DeploymentState, RequestAction } from '../../../core/deployment/deployment.ts';
import { deliver } from '../../../lambdas/delivery/deliver.ts';
import { createHandler as acquireLock } from '../../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as recordOutcome } from '../../../lambdas/handlers/deploy-target/record-outcome.ts';
import { FinalState, type RecordingPath } from '../../../lambdas/recording/deployment-outcome.ts';
import type { Purpose } from '../../../services/locks/pending-commands.ts';
import { facts } from '../../fixtures/factories.ts';
import { pushResult } from '../../fixtures/results.ts';
import type { Environment } from './environment.ts';
import type { ModelAnswer } from './hosts.ts';
import { isTransient } from './interleaver.ts';

export interface Plan {
  readonly arn: string;
  readonly name: string;
  readonly targetId: string;
  readonly host: string;
  readonly action: Extract<RequestAction, 'deploy' | 'validate'>;
  readonly version: string;
  readonly rollout: string | undefined;
  readonly sequence: number;
  /** Clock skew of its functions, in milliseconds. */
  readonly skew: number;
}

/** Ends the run of an execution that was stopped. */
class ExecutionStopped extends Error {}

type Task = <Result>(work: () => Promise<Result>) => Promise<Result>;

const nameOf = (error: unknown) => (error instanceof Error ? error.name : '');
/** The recording state for each error of AcquireLock. */
const recordingPaths: Readonly<Record<string, RecordingPath>> = {
  Superseded: 'superseded',
  RolloutHalted: 'skipped',
  LockHeld: 'lock_unavailable',
};
const lockAttempts = 40;

export class Run {
  readonly plan: Plan;
  readonly request: object;
  readonly #by: Environment;
  /** Incremented when the execution is stopped: a task of an earlier life ends at the next state. */
  #life = 0;
  status: 'running' | 'stopped' | 'finished' = 'running';
  recorded: string | null = null;
  /** Holds its locks, according to its own information. */
  inside = false;
  records = false;
  hadEnded = false;
  #state: DeploymentState | null = null;
  #push: ModelAnswer | null = null;

  constructor(plan: Plan, request: object, by: Environment) {
    this.plan = plan;
    this.request = request;
    this.#by = by;
  }

  get execution() {
    const startedAt = new Date(this.#by.startedAt + this.plan.skew).toISOString();
    return { id: this.plan.arn, name: this.plan.name, startedAt };
  }

  /** Aborted or timed out: a running function still continues to its end. */
  stop(): void {
    this.#life += 1;
    this.status = 'stopped';
    this.hadEnded = true;
    this.inside = false;
  }

  leave(): void {
    this.inside = false;
  }

  /** Starts the execution, or continues it after a redrive in the same state. */
  async go(): Promise<void> {
    this.status = 'running';
    const life = this.#life;
    try {
      await this.#walk(<Result>(work: () => Promise<Result>) => this.#task(life, work));
    } catch (error) {
      if (error instanceof ExecutionStopped) return;
      this.#by.problems.push(`${this.plan.arn}: ${String(error)}`);
      this.status = 'finished';
    }
  }

  async #walk(task: Task): Promise<void> {
    const acquired = this.#state ?? (await this.#acquire(task));
    if (typeof acquired === 'string') return this.#record(task, acquired, null);
    this.#state = acquired;
    const pushed = this.#push ?? (await this.#runJob(task, acquired, 'push'));
    if (pushed === null) return this.#record(task, 'lost', acquired);
    this.#push = pushed;
    const state = { ...acquired, push: this.#said(pushed) };
    if (pushed.outcome === 'rejected') return this.#record(task, 'failed', state);
    if (pushed.outcome === 'validated') return this.#record(task, 'validated', state);
    if (!this.#by.interleaver.chance(this.#by.unverifiedPercent))
      return this.#record(task, 'committed', state);
    const undone = await this.#runJob(task, acquired, 'undo');
    if (undone?.outcome !== 'restored') return this.#record(task, 'rollback_failed', state);
    return this.#record(task, 'rolled_back', { ...state, rollback: this.#said(undone) });
  }

  #said(answer: ModelAnswer) {
    if (answer.outcome === 'rejected') return pushResult({ outcome: 'rejected', reason: 'StaleFence' });
    const known = (version: string) => (version === 'none' ? null : facts(version));
    return pushResult({
      outcome: answer.outcome,
      version: known(answer.version),
      previousVersion: known(answer.previous),
    });
  }

  async #acquire(task: Task) {
    const acquire = acquireLock(this.#by.servicesOf(this.plan));
    for (let attempt = 1; ; attempt += 1) {
      try {
        const state = await task(() => acquire({ execution: this.execution, request: this.request }));
        this.inside = true;
        this.#by.onInside(this);
        return state;
      } catch (error) {
        const out = recordingPaths[nameOf(error)];
        if (out === undefined) throw error;
        this.#by.counts[nameOf(error)] = (this.#by.counts[nameOf(error)] ?? 0) + 1;
        const patient = this.#by.isPatient() || attempt < lockAttempts;
        if (out !== 'lock_unavailable' || !patient) return out;
        await task(() => this.#by.interleaver.call(() => undefined));
      }
    }
  }

  /** Sends a job and waits for its result; null if none arrived in time. */
  async #runJob(
    task: Task,
    { deployment }: DeploymentState,
    purpose: Extract<Purpose, 'push' | 'undo'>,
  ): Promise<ModelAnswer | null> {
    const { plan } = this;
    const action = purpose === 'undo' ? purpose : plan.action;
    const make = async () => ({ action, text: JSON.stringify({ ...plan, fence: deployment.fence, action }) });
    const by = this.#by.servicesOf(plan);
    try {
      await task(() => deliver(by, { deployment, taskToken: plan.arn, purpose, prepare: make }));
    } catch (error) {
      if (nameOf(error) !== 'StaleFence') throw error;
      return purpose === 'push' ? { outcome: 'rejected' } : null;
    }
    return this.#awaitAnswer(task, action);
  }

  async #awaitAnswer(task: Task, action: string): Promise<ModelAnswer | null> {
    for (;;) {
      const answer = await task(() => this.#by.interleaver.call(() => this.#by.answerTo(this.plan, action)));
      if (answer !== undefined) return answer;
      if (!this.#by.isPatient() && this.#by.interleaver.chance(this.#by.timeOutPercent)) return null;
    }
  }

  async #record(task: Task, path: RecordingPath, state: DeploymentState | null): Promise<void> {
    this.records = true;
    const record = recordOutcome(this.#by.servicesOf(this.plan));
    const { execution, request } = this;
    const input = { path, execution, request, state: FinalState.parse(state ?? {}) };
    const { outcome } = await task(() => record(input));
    this.recorded = outcome;
    this.inside = false;
    this.status = 'finished';
    this.hadEnded = true;
  }

  /** One state: its function is called again after a temporary error. */
  async #task<Result>(life: number, work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      this.#stopUnless(life);
      const ended = await work().then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      this.#stopUnless(life);
      if ('result' in ended) return ended.result;
      if (!isTransient(ended.error)) throw ended.error;
    }
  }

  #stopUnless(life: number): void {
    if (life !== this.#life) throw new ExecutionStopped();
  }
}
