// One execution of a state machine: it follows the states of the file with their Retry and Catch, and can be stopped and
// redriven at any moment. It does not model quotas, histories or durations.
import type { Interleaver } from '../lock/interleaver.ts';
import {
  at,
  chosen,
  filled,
  functionOf,
  type Graph,
  isFor,
  type Json,
  placed,
  type Retrier,
  type State,
  waitsForToken,
} from './graph.ts';
import type { Wave, WaveInput } from './wave.ts';

/** Ends the current run of a stopped execution. */
class ExecutionStopped extends Error {}

/** The error of a task as its state receives it. */
export class TaskError extends Error {
  constructor(name: string, message = '') {
    super(message);
    this.name = name;
  }
}

export interface Plan {
  readonly arn: string;
  readonly name: string;
  readonly kind: 'rollout' | 'deployment';
  readonly graph: Graph;
  readonly input: Json;
  readonly startedAt: string;
  /** For a deployment of a wave: the execution of the rollout, and the number of the wave. */
  readonly parent?: Execution;
  readonly wave?: number;
}

/** What an execution needs from its world. */
export interface Environment {
  readonly interleaver: Interleaver;
  isCalm(): boolean;
  invoke(execution: Execution, name: string, payload: Json): Promise<unknown>;
  token(execution: Execution): { readonly token: string; readonly answer: Promise<unknown> };
  now(): string;
  passes(seconds: number): void;
  wave(input: WaveInput): Wave;
  ended(execution: Execution): void;
  problem(what: string): void;
}

export class Execution {
  readonly plan: Plan;
  readonly #environment: Environment;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'TIMED_OUT' = 'RUNNING';
  redriveCount = 0;
  hadEnded = false;
  wasStopped = false;
  /** The current or last state. */
  state: string;
  data: unknown;
  output: unknown = null;
  error = '';
  cause = '';
  wave: Wave | null = null;
  #entered = '';
  #retries = 0;
  /** Incremented by a stop: a run with an older number ends at its next step. */
  #life = 0;

  constructor(plan: Plan, environment: Environment) {
    this.plan = plan;
    this.#environment = environment;
    this.state = plan.graph.StartAt;
    this.data = plan.input;
  }

  get isRunning(): boolean {
    return this.status === 'RUNNING';
  }

  /** A function that is running continues to its end. */
  stop(how: 'ABORTED' | 'TIMED_OUT' = 'ABORTED'): void {
    if (!this.isRunning) return;
    this.#life += 1;
    this.wasStopped = true;
    this.#end(how);
    this.wave?.stop();
  }

  redrive(): void {
    this.redriveCount += 1;
    this.status = 'RUNNING';
    void this.go();
  }

  async go(): Promise<void> {
    const life = this.#life;
    try {
      while (this.isRunning) {
        const state = this.plan.graph.States[this.state];
        if (state === undefined) throw new Error(`there is no state ${this.state}`);
        this.#entered = this.#environment.now();
        this.#retries = 0;
        await this.#enter(state, life);
      }
    } catch (error) {
      if (error instanceof ExecutionStopped) return;
      this.#environment.problem(`${this.plan.name} in ${this.state}: ${String(error)}`);
      this.#end('FAILED');
    }
  }

  async #enter(state: State, life: number): Promise<void> {
    switch (state.Type) {
      case 'Succeed':
        this.output = this.data;
        return this.#end('SUCCEEDED');
      case 'Fail':
        this.error = state.ErrorPath ? String(at(state.ErrorPath, this.data, {})) : (state.Error ?? '');
        this.cause = state.CausePath ? String(at(state.CausePath, this.data, {})) : (state.Cause ?? '');
        return this.#end('FAILED');
      case 'Choice':
        return this.#next(chosen(state, this.data), this.data);
      case 'Wait':
        await this.#turn(life);
        this.#environment.passes(Number(at(state.SecondsPath ?? '', this.data, {})));
        return this.#next(state.Next, this.data);
      case 'Task':
      case 'Map':
        return this.#work(state, life);
    }
  }

  async #work(state: State, life: number): Promise<void> {
    try {
      const raw = state.Type === 'Map' ? await this.#map(state, life) : await this.#task(state, life);
      const result = state.ResultSelector ? filled(state.ResultSelector, raw, {}) : raw;
      const data = placed(state.ResultPath, this.data, result);
      this.#next(state.Next, state.OutputPath ? at(state.OutputPath, data, {}) : data);
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      const caught = state.Catch?.find((one) => isFor(one, error.name));
      if (caught !== undefined) {
        const failure = { Error: error.name, Cause: JSON.stringify({ errorMessage: error.message }) };
        return this.#next(caught.Next, placed(caught.ResultPath, this.data, failure));
      }
      Object.assign(this, { error: error.name, cause: error.message });
      this.#end('FAILED');
    }
  }

  async #map(state: State, life: number): Promise<unknown> {
    const input = {
      reader: filled(state.ItemReader?.Parameters ?? {}, this.data, this.#context()),
      writer: filled(state.ResultWriter?.Parameters ?? {}, this.data, this.#context()),
      atOnce: Number(at(state.MaxConcurrencyPath ?? '', this.data, {})),
      number: Number(at('$.wave.number', this.data, {})),
    };
    this.wave ??= this.#environment.wave(input);
    const result = await this.#lived(life, this.wave.run()).catch((error: unknown) => {
      // a stopped execution continues its wave after a redrive
      if (!(error instanceof ExecutionStopped)) this.wave = null;
      throw error;
    });
    this.wave = null;
    return result;
  }

  async #task(state: State, life: number): Promise<unknown> {
    const attempts = new Map<Retrier, number>();
    for (;;) {
      try {
        return await this.#once(state, life);
      } catch (error) {
        if (!(error instanceof TaskError)) throw error;
        if (!this.#mayRetry(state, error, attempts)) throw error;
        await this.#turn(life);
      }
    }
  }

  #mayRetry({ Retry }: State, { name }: TaskError, attempts: Map<Retrier, number>): boolean {
    const retrier = Retry?.find((one) => isFor(one, name));
    if (retrier === undefined) return false;
    const made = (attempts.get(retrier) ?? 0) + 1;
    attempts.set(retrier, made);
    this.#retries += 1;
    return this.#environment.isCalm() || made <= Math.min(retrier.MaxAttempts ?? 3, mostAttempts);
  }

  async #once(state: State, life: number): Promise<unknown> {
    const waits = waitsForToken(state);
    const { token, answer } = waits ? this.#environment.token(this) : { token: '', answer: null };
    const { Payload } = filled(state.Parameters ?? {}, this.data, this.#context(token));
    const result = await this.#lived(
      life,
      this.#environment.invoke(this, functionOf(state), Payload as Json),
    );
    return answer === null ? { Payload: result } : this.#lived(life, answer);
  }

  async #lived<Result>(life: number, work: Promise<Result>): Promise<Result> {
    const ended = await work.then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    this.#check(life);
    if ('error' in ended) throw ended.error;
    return ended.result;
  }

  async #turn(life: number): Promise<void> {
    await this.#environment.interleaver.call(() => undefined);
    this.#check(life);
  }

  #check(life: number): void {
    if (life !== this.#life) throw new ExecutionStopped();
  }

  #context(token = ''): Json {
    const { arn: Id, name: Name, input: Input, startedAt: StartTime } = this.plan;
    return {
      Execution: { Id, Name, Input, StartTime, RedriveCount: this.redriveCount },
      State: { Name: this.state, EnteredTime: this.#entered, RetryCount: this.#retries },
      Task: { Token: token },
    };
  }

  #next(state: string | undefined, data: unknown): void {
    this.state = state ?? '';
    this.data = data;
  }

  #end(status: Exclude<Execution['status'], 'RUNNING'>): void {
    this.status = status;
    this.hadEnded = true;
    this.#environment.ended(this);
  }
}

/** Fewer than the 300 of the state machine for a lock, so that stories stay short. */
const mostAttempts = 12;
