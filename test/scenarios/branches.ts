// The parts of a machine's file that a walk takes: states, and entries of their Retry and Catch.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { machine as deployTarget, type State } from './graph.ts';

const rolloutFile = resolve(import.meta.dirname, '../../cdk/state-machines/rollout.asl.json');
const rollout = JSON.parse(readFileSync(rolloutFile, 'utf8')) as { States: Readonly<Record<string, State>> };

export type MachineName = 'deploy-target' | 'rollout';

/** The states that the Distributed Map runs before the graph of a deployment belong to the rollout's file. */
const processor = (
  rollout.States.DeployWave as unknown as { ItemProcessor: { States: Record<string, State> } }
).ItemProcessor.States;

export const statesOf: Readonly<Record<MachineName, Readonly<Record<string, State>>>> = {
  'deploy-target': deployTarget.States,
  rollout: { ...rollout.States, ...processor },
};

/** One part: a state, or one entry of its Retry or Catch. `key` is unique within its machine. */
export interface Branch {
  readonly key: string;
  readonly state: string;
  readonly part: string;
}

/** Every part that a scenario has to take, in the order of the file. */
export function branchesOf(machine: MachineName): Branch[] {
  return Object.entries(statesOf[machine]).flatMap(([state, { Retry = [], Catch = [] }]) => [
    { key: state, state, part: '' },
    ...Retry.map(({ ErrorEquals }, at) =>
      part(state, retryKey(state, at), `retry: ${errorNames(ErrorEquals)}`),
    ),
    ...Catch.map(({ ErrorEquals, Next }, at) =>
      part(state, catchKey(state, at), `catch: ${errorNames(ErrorEquals)} → ${Next}`),
    ),
  ]);
}

const part = (state: string, key: string, text: string): Branch => ({ state, key, part: text });
const retryKey = (state: string, at: number) => `${state} / retry ${at + 1}`;
const catchKey = (state: string, at: number) => `${state} / catch ${at + 1}`;

function errorNames([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** An event of the interpreter. `retry` and `catch` carry the entry of the definition. */
export interface WalkEvent {
  readonly type: string;
  readonly state?: { readonly name: string } | undefined;
  readonly retry?: { readonly retrier: { readonly ErrorEquals: readonly string[] } };
  readonly catch?: { readonly catcher: unknown } | undefined;
}

/** The keys of the parts that the events took, each once, in the order of the file. */
export function takenBy(machine: MachineName, events: readonly WalkEvent[]): string[] {
  const taken = new Set(events.flatMap((event) => keysOf(statesOf[machine], event)));
  return branchesOf(machine).flatMap(({ key }) => (taken.has(key) ? [key] : []));
}

function keysOf(states: Readonly<Record<string, State>>, event: WalkEvent): string[] {
  const name = event.state?.name ?? '';
  const { Retry = [], Catch = [] } = states[name] ?? {};
  const at = (entries: readonly { readonly ErrorEquals: readonly string[] }[], entry: unknown) => {
    const errors = (entry as { ErrorEquals?: readonly string[] } | undefined)?.ErrorEquals ?? [];
    return entries.findIndex(({ ErrorEquals }) => ErrorEquals.join() === errors.join());
  };
  switch (event.type) {
    case 'StateEntered':
      return [name];
    case 'StateRetried':
      return [retryKey(name, at(Retry, event.retry?.retrier))];
    case 'StateCaught':
      return [catchKey(name, at(Catch, event.catch?.catcher))];
    default:
      return [];
  }
}
