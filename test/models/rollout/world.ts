// The world of a story: the real functions with a database and a bucket in memory, simulated hosts, and an interpreter of
// the state machine files. It does not model sealing, SSM, quotas or time.

import { agentLine } from '../../../core/deployment/agent-line.ts';
import type { DeploymentRequest } from '../../../core/deployment/deployment.ts';
import { memoryDynamoDb } from '../../fakes/dynamodb/documents.ts';
import { Interleaver } from '../lock/interleaver.ts';
import { Execution, type Plan, TaskError } from './execution.ts';
import { child, deployTarget, type Json, rollout } from './graph.ts';
import { Invocation } from './invocation.ts';
import { type JobBehaviour, ModelHosts, type ModelJob } from './model-hosts.ts';
import { Observer } from './observer.ts';
import { tasks } from './tasks.ts';
import type { Versions } from './versions.ts';
import { Wave } from './wave.ts';

interface InFlightCommand {
  readonly commandId: string;
  readonly job: ModelJob;
}

interface WaitingTask {
  readonly execution: Execution;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How the story's Step Functions lets a Map go on, and how bad its hosts are. */
export interface StoryOptions {
  readonly renews: boolean;
  readonly trouble: number;
}

export class World {
  readonly interleaver: Interleaver;
  readonly versions: Versions;
  readonly options: StoryOptions;
  readonly observer: Observer;
  readonly hosts: ModelHosts;
  readonly executions = new Map<string, Execution>();
  readonly byName = new Map<string, Execution>();
  readonly problems: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly bucket = new Map<string, string>();
  readonly memory = memoryDynamoDb((written) => this.observer.onWrite(written));
  readonly tokens = new Map<string, WaitingTask>();
  readonly inFlight: InFlightCommand[] = [];
  /** Commands and executions that have ended, but whose events are not delivered yet. */
  readonly commandEvents: string[] = [];
  readonly endEvents: Execution[] = [];
  readonly invocations = new Map<string, { status: string; output: string; errors: string }>();
  readonly offline = new Set<string>();
  readonly ends = new Map<Execution, (() => void)[]>();
  now = Date.parse('2026-11-22T12:00:00.000Z');
  latest = 1;
  staleServices = false;
  calm = false;
  atWork = 0;
  #numbers = 0;

  constructor(seed: number, versions: Versions, options: StoryOptions) {
    this.interleaver = new Interleaver(seed);
    this.versions = versions;
    this.options = options;
    this.observer = new Observer(this);
    this.hosts = new ModelHosts({
      behaviour: () => this.#behaviour(),
      onChange: (change) => this.observer.onChange(change),
      onEnd: (job, line) => this.observer.onLine(job, line),
    });
  }

  /** Receives every step of the story (see the test). */
  trace: (line: string) => void = () => {};

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  number(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  chance(percent: number): boolean {
    return !this.calm && this.interleaver.chance(percent);
  }

  clock = { now: () => new Date(this.now) };

  /** Null if an execution of that name exists. */
  startRollout(name: string, input: Json): Execution | null {
    const arn = `arn:aws:states:eu-west-1:123456789012:execution:certferry-rollout:${name}`;
    if (this.executions.has(arn)) return null;
    this.count('rollouts');
    return this.#start({ arn, name, kind: 'rollout', graph: rollout, input, startedAt: this.#time() });
  }

  startDeployment(input: DeploymentRequest, parent?: Execution, wave = 0): Execution {
    const name = `${input.target.id}-${this.number()}`;
    const machine = parent === undefined ? 'deploy-target' : 'rollout/DeployWave';
    const arn = `arn:aws:states:eu-west-1:123456789012:execution:${machine}:${name}`;
    const graph = parent === undefined ? deployTarget : child;
    const plan: Plan = { arn, name, kind: 'deployment', graph, input: { ...input }, startedAt: this.#time() };
    return this.#add(parent === undefined ? plan : { ...plan, parent, wave });
  }

  #start(plan: Plan): Execution {
    const execution = this.#add(plan);
    void execution.go();
    return execution;
  }

  #time = () => this.clock.now().toISOString();

  #add(plan: Plan): Execution {
    const execution: Execution = new Execution(plan, {
      interleaver: this.interleaver,
      isCalm: () => this.calm,
      invoke: (by, name, payload) => this.#invoke(by, name, payload),
      token: (by) => this.#token(by),
      now: this.#time,
      passes: (seconds) => {
        this.now += seconds * 1000;
      },
      wave: (input) => this.#wave(execution, input),
      ended: (one) => this.#ended(one),
      problem: (what) => void this.problems.push(what),
    });
    this.executions.set(plan.arn, execution);
    this.byName.set(plan.name, execution);
    return execution;
  }

  #wave(parent: Execution, input: ConstructorParameters<typeof Wave>[0]): Wave {
    this.count('waves');
    return new Wave(input, {
      bucket: {
        get: (key) => this.bucket.get(key),
        put: (key, body) => void this.bucket.set(key, body),
      },
      renews: this.options.renews,
      start: (item, number) => this.startDeployment(item, parent, number),
      ended: (one) =>
        new Promise((resolve) => {
          if (!one.isRunning) resolve();
          else this.ends.set(one, [...(this.ends.get(one) ?? []), resolve]);
        }),
      failsToRead: () => this.chance(1) && this.counted('maps failed'),
      failsToWrite: () => this.chance(1) && this.counted('maps failed'),
    });
  }

  counted(what: string): true {
    this.count(what);
    return true;
  }

  #ended(execution: Execution): void {
    for (const [token, waiting] of this.tokens)
      if (waiting.execution === execution) this.tokens.delete(token);
    for (const notify of this.ends.get(execution) ?? []) notify();
    this.ends.delete(execution);
    this.observer.onEnded(execution);
    if (execution.plan.kind === 'rollout' || execution.status === 'SUCCEEDED') return;
    for (const percent of [80, 15]) if (this.interleaver.chance(percent)) this.endEvents.push(execution);
  }

  #token(execution: Execution): { token: string; answer: Promise<unknown> } {
    const token = `token-${this.number()}`;
    const answer = new Promise((resolve, reject) => this.tokens.set(token, { execution, resolve, reject }));
    answer.catch(() => undefined);
    return { token, answer };
  }

  complete(token: string, output: unknown): boolean {
    const waiting = this.tokens.get(token);
    this.tokens.delete(token);
    waiting?.resolve(JSON.parse(JSON.stringify(output)));
    return waiting !== undefined;
  }

  fail(token: string, name: string): boolean {
    const waiting = this.tokens.get(token);
    this.tokens.delete(token);
    waiting?.reject(new TaskError(name, 'no answer in time'));
    return waiting !== undefined;
  }

  async #invoke(execution: Execution, name: string, payload: Json): Promise<unknown> {
    const invocation = new Invocation(this, 'taskToken' in payload);
    const passing = name === 'AcquireLock' ? this.observer.asks(execution) : null;
    const work = this.run(invocation, name, payload);
    const result = await Promise.race([work, invocation.broken]).catch((error: unknown) => {
      this.trace(`${execution.plan.name} ${execution.state}: ${String(error)}`);
      throw error;
    });
    this.trace(`${execution.plan.name} ${execution.state}: ${JSON.stringify(result).slice(0, 2000)}`);
    if (passing !== null) this.observer.begins(execution, passing);
    if (name === 'ResolveCertificate') this.observer.begun(execution, result as Json);
    if (name === 'EndRollout') this.observer.recorded(execution, result as Json);
    return result;
  }

  /** Calls a function. Its errors become task errors. */
  async run(invocation: Invocation, name: string, payload: Json): Promise<unknown> {
    const task = tasks[name];
    if (task === undefined) throw new Error(`there is no function ${name}`);
    this.atWork += 1;
    try {
      const event = JSON.parse(JSON.stringify(payload)) as never;
      return JSON.parse(JSON.stringify(await task(invocation, event)));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error instanceof TypeError || error instanceof ReferenceError)
        this.problems.push(`${name}: ${error.stack}`);
      throw new TaskError(error.name, error.message);
    } finally {
      this.atWork -= 1;
    }
  }

  /** Delivers a command to its host. */
  land(index: number): void {
    const [flight] = this.inFlight.splice(index, 1);
    if (flight === undefined) return;
    const line = this.hosts.run(flight.job, this.now / 1000);
    const output = line === null ? '' : `${JSON.stringify(agentLine(line))}\n`;
    const status = line === null ? 'Failed' : 'Success';
    this.trace(`${flight.commandId} ${flight.job.action} ${flight.job.deploymentId}: ${output || 'died'}`);
    this.invocations.set(flight.commandId, { status, output, errors: '' });
    for (const percent of [90, 10]) {
      if (this.calm || this.interleaver.chance(percent)) this.commandEvents.push(flight.commandId);
    }
  }

  #behaviour(): JobBehaviour {
    if (!this.chance(this.options.trouble)) return 'well';
    return this.interleaver.pick(bad) ?? 'well';
  }
}

const bad: readonly JobBehaviour[] = [
  'not served',
  'not served',
  'not served',
  'reload_failed',
  'validate_failed',
  'rollback_failed',
  'dies before',
  'dies in the middle',
  'dies at the end',
];
