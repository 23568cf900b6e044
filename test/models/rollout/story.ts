// One story: a rollout starts, and random events happen while it runs, in an order that the seed decides. At the end there
// are no more faults, and every rollout must end.
import { memberOf } from '../../../core/targets/registered.ts';
import { tableNames } from '../../../local/dynamodb/stack-tables.ts';
import { createRollouts } from '../../../services/rollouts/rollout-store.ts';
import type { Execution } from './execution.ts';
import { checkEnd } from './final-checks.ts';
import type { Json } from './graph.ts';
import { type FleetOptions, registered, request, seed } from './initial-data.ts';
import { Invocation } from './invocation.ts';
import { source, type Versions } from './versions.ts';
import { type StoryOptions, World } from './world.ts';

export const storyEvents = [
  'again',
  'newer',
  'repeat',
  'part',
  'sweep',
  'operator',
  'rollback',
  'halt',
  'abort',
] as const;
export type StoryEvent = (typeof storyEvents)[number];

export interface StoryInput extends FleetOptions, StoryOptions {
  readonly seed: number;
  readonly storyEvents: readonly StoryEvent[];
}

const turnsAtMost = 6000;

/** Runs the story to its end, and returns its world with the problems that were found. */
export async function play(
  input: StoryInput,
  versions: Versions,
  trace: World['trace'] = () => {},
): Promise<World> {
  const story = new Story(input, versions);
  story.world.trace = trace;
  await seed(story.world, input);
  await story.unfold();
  await story.settle();
  checkEnd(story.world);
  return story.world;
}

class Story {
  readonly world: World;
  readonly #input: StoryInput;
  readonly #storyEvents: StoryEvent[];

  constructor(input: StoryInput, versions: Versions) {
    this.#input = input;
    this.#storyEvents = [...input.storyEvents];
    this.world = new World(input.seed, versions, input);
  }

  async unfold(): Promise<void> {
    const { world } = this;
    this.#begin({});
    for (let turn = 0; turn < turnsAtMost && !this.#isOver(); turn += 1) {
      if (world.interleaver.chance(80)) await world.interleaver.step();
      else this.#happens();
    }
  }

  /** Without further faults: running executions end, and halted ones are resumed. */
  async settle(): Promise<void> {
    const { world } = this;
    world.calm = true;
    world.hosts.mend();
    world.offline.clear();
    world.staleServices = false;
    await this.#runDry();
    for (let round = 0; round < 4; round += 1) {
      const open = this.#resumable().filter(({ plan }) => !this.#hasEnded(plan.name));
      for (const execution of open) {
        this.#redrive(execution);
        await this.#runDry();
      }
    }
  }

  #isOver(): boolean {
    const isRunning = [...this.world.executions.values()].some((one) => one.isRunning);
    return this.#storyEvents.length === 0 && !isRunning && this.world.inFlight.length === 0;
  }

  #happens(): void {
    const { world } = this;
    const drawn = world.interleaver.draw(100);
    if (drawn < 45) world.land(world.interleaver.draw(Math.max(1, world.inFlight.length)));
    else if (drawn < 65) this.#deliverEvent();
    else if (drawn < 72) this.#next();
    else if (drawn < 82) this.#answer();
    else if (drawn < 86) this.#timeOut();
    else if (drawn < 91) this.#redriveOne();
    else if (drawn < 92) this.#stopChild();
    else if (drawn < 96) this.#away();
    else if (drawn < 97) world.now += 1_800_000;
    else if (this.#input.services) world.staleServices = world.interleaver.chance(30);
  }

  #begin(fields: object): void {
    const { world } = this;
    world.startRollout(`rollout-${world.number()}`, request(fields) as Json);
  }

  #next(): void {
    const next = this.#storyEvents.shift();
    if (next === undefined) return;
    const { world } = this;
    world.count(`event ${next}`);
    world.trace(`event ${next}`);
    const at = world.interleaver.draw(this.#input.targets);
    const play: Readonly<Record<StoryEvent, () => unknown>> = {
      again: () => this.#begin({ version: 'latest' }),
      newer: () => this.#newer(),
      repeat: () => this.#begin({ repeat: true }),
      part: () => this.#begin({ version: 'current', only: { targets: [`t${at}`] }, repeat: true }),
      sweep: () => this.#by('Sweep', { heal: true }),
      operator: () => this.#operator(at, 'deploy'),
      rollback: () => this.#operator(at, 'rollback'),
      halt: () => this.#halt(),
      abort: () => this.#abort(),
    };
    play[next]();
  }

  #newer(): void {
    this.world.latest += 1;
    this.#begin({});
  }

  /** Calls a function for an event, the schedule or an operator. */
  #by(name: string, event: Json): void {
    const invocation = new Invocation(this.world);
    const work = this.world.run(invocation, name, event);
    Promise.race([work, invocation.broken]).catch(() => undefined);
  }

  #operator(at: number, action: 'deploy' | 'rollback'): void {
    const { world } = this;
    const entry = registered(at, this.#input);
    const target = memberOf(entry, { host: String(entry.host), address: null });
    if (target === null) return;
    const drawn = world.versions.all[world.interleaver.draw(world.versions.all.length)] ?? '';
    const version = action === 'rollback' ? null : { fingerprint: drawn, source };
    void world.startDeployment({ target, action, version }).go();
  }

  async #halt(): Promise<void> {
    const { world } = this;
    const one = world.interleaver.pick(this.#rollouts().filter(({ isRunning }) => isRunning));
    if (one === undefined) return;
    const rollouts = createRollouts(world.memory.documents, tableNames.registry);
    await rollouts.halt(one.plan.name, 'an operator halts it');
    this.#answer('rejected');
  }

  #abort(): void {
    const one = this.world.interleaver.pick(this.#rollouts().filter(({ isRunning }) => isRunning));
    one?.stop(this.world.interleaver.chance(80) ? 'ABORTED' : 'TIMED_OUT');
    if (one !== undefined) this.world.count('aborts');
  }

  #stopChild(): void {
    const children = [...this.world.executions.values()].filter(
      ({ plan, isRunning }) => plan.kind === 'deployment' && isRunning,
    );
    const one = this.world.interleaver.pick(children);
    if (one === undefined || this.world.calm) return;
    this.world.trace(`stop ${one.plan.name}`);
    one.stop();
    this.world.count('deployments aborted');
  }

  #redriveOne(): void {
    const one = this.world.interleaver.pick(this.#resumable());
    if (one !== undefined) this.#redrive(one);
  }

  #redrive(execution: Execution): void {
    this.world.count('redrives');
    this.world.trace(`redrive ${execution.plan.name} in ${execution.state}`);
    execution.redrive();
  }

  #rollouts(): Execution[] {
    return [...this.world.executions.values()].filter(({ plan }) => plan.kind === 'rollout');
  }

  /** Step Functions redrives failed executions. One that ended in a Fail state would only enter that state again. */
  #resumable(): Execution[] {
    return this.#rollouts().filter(
      ({ status, state, plan }) =>
        status !== 'RUNNING' && status !== 'SUCCEEDED' && plan.graph.States[state]?.Type !== 'Fail',
    );
  }

  #hasEnded(id: string): boolean {
    return this.world.observer.controls.get(id)?.status === 'ended';
  }

  /** Delivers an event about a command or about an execution that has ended. */
  #deliverEvent(): void {
    const { world } = this;
    const [command] = world.commandEvents.splice(world.interleaver.draw(world.commandEvents.length), 1);
    if (command !== undefined) {
      const status = world.invocations.get(command)?.status ?? 'Success';
      this.#by('CommandStatus', { detail: { 'command-id': command, 'instance-id': 'i-0', status } });
      return;
    }
    const [ended] = world.endEvents.splice(world.interleaver.draw(world.endEvents.length), 1);
    if (ended === undefined) return;
    const { arn, name, startedAt, input } = ended.plan;
    const status = ended.isRunning ? 'ABORTED' : ended.status;
    const detail = {
      executionArn: arn,
      name,
      status,
      startDate: Date.parse(startedAt),
      input: JSON.stringify(input),
    };
    this.#by('ReleaseLock', { detail });
  }

  /** An operator decides on an approval request, if there is one. */
  #answer(verdict: 'approved' | 'rejected' = this.world.chance(20) ? 'rejected' : 'approved'): void {
    const asking = [...this.world.tokens].find(([, { execution }]) => execution.plan.kind === 'rollout');
    if (asking === undefined) return;
    this.world.count(verdict);
    this.world.complete(asking[0], { verdict, by: 'an operator' });
  }

  #timeOut(): void {
    const waiting = this.world.interleaver.pick([...this.world.tokens.keys()]);
    if (waiting === undefined) return;
    this.world.count('waits timed out');
    this.world.fail(waiting, 'States.Timeout');
  }

  /** A host goes offline or comes back online. */
  #away(): void {
    const { offline, interleaver } = this.world;
    const host = `i-${String(interleaver.draw(this.#input.hosts)).padStart(17, '0')}`;
    if (!offline.delete(host) && interleaver.chance(this.#input.trouble)) offline.add(host);
  }

  async #runDry(): Promise<void> {
    for (let turn = 0; turn < turnsAtMost * 4; turn += 1) {
      const { world } = this;
      world.land(0);
      if (this.#hasEvents()) this.#deliverEvent();
      if ((await world.interleaver.step()) || world.inFlight.length > 0 || this.#hasEvents()) continue;
      if (world.tokens.size === 0) return;
      await this.#endWaits();
    }
    this.world.problems.push('the story does not end');
  }

  #hasEvents(): boolean {
    return this.world.commandEvents.length + this.world.endEvents.length > 0;
  }

  /** Approves all requests; all other waiting states time out. */
  async #endWaits(): Promise<void> {
    this.#answer('approved');
    if (await this.world.interleaver.step()) return;
    if (this.world.tokens.size > 0 && this.world.inFlight.length === 0) this.#timeOut();
  }
}
