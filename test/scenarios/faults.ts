// The built functions, some of them replaced by ones with a fault, and the machine's file with its waits shortened.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dist } from '../../local/base/artefacts.ts';
import {
  readDeployTarget,
  readRollout,
  type StateMachineDefinition,
} from '../../local/step-functions/definition.ts';
import { tinyLambdas } from '../local/tiny-lambdas.ts';

/** A function that throws, every time or the first times only. */
export const throws =
  (name: string, times = Number.POSITIVE_INFINITY) =>
  (real: string) =>
    `
import { handler as real } from '${real}';
let calls = 0;
export const handler = async (event) => {
  calls += 1;
  if (calls <= ${times}) throw Object.assign(new Error('injected'), { name: '${name}' });
  return real(event);
};`;

/** A function that says nothing and does nothing: its event or its answer is lost. */
export const doesNothing = () => `export const handler = async () => ({ summary: 'nothing' });`;

/** A function that does its work and then reports a failure: its answer was lost. */
export const losesItsAnswer = (name: string, times: number) => (real: string) =>
  `
import { handler as real } from '${real}';
let calls = 0;
export const handler = async (event) => {
  calls += 1;
  const answer = await real(event);
  if (calls <= ${times}) throw Object.assign(new Error('injected'), { name: '${name}' });
  return answer;
};`;

export type Fault = (real: string) => string;

/** A folder of functions: the real ones, but for those named. */
export function lambdasWith(faults: Readonly<Record<string, Fault>>): string {
  const sources = readdirSync(join(dist, 'lambdas')).map((name) => {
    const real = pathToFileURL(join(dist, 'lambdas', name, 'index.mjs')).href;
    const fault = faults[name];
    return [name, fault === undefined ? `export { handler } from '${real}';` : fault(real)] as const;
  });
  return tinyLambdas(Object.fromEntries(sources));
}

/** Seconds that a waiting state has instead of its quarter of an hour. */
const shortTimeoutSeconds = 7;

/** The machine as it is deployed, except that retries follow at once and tokens are not waited for as long. */
export function quickMachine(changes: Readonly<Record<string, object>> = {}): StateMachineDefinition {
  return hurried(readDeployTarget(), changes);
}

/** The same for the machine of rollouts, and for the deployments in its Distributed Map. */
export function quickRollout(changes: Readonly<Record<string, object>> = {}): StateMachineDefinition {
  return hurried(readRollout(), changes);
}

type States = StateMachineDefinition['States'];

/** Any machine so. What stands in `changes` is changed as well. */
export function hurried(
  machine: StateMachineDefinition,
  changes: Readonly<Record<string, object>> = {},
): StateMachineDefinition {
  return { ...machine, States: hurriedStates(machine.States, changes) };
}

function hurriedStates(states: States, changes: Readonly<Record<string, object>>): States {
  const entries = Object.entries(states).map(([name, state]) => {
    const { Retry, Resource, ItemProcessor } = state as Loose;
    return [
      name,
      {
        ...state,
        ...(Retry !== undefined && { Retry: Retry.map(soon) }),
        ...(Resource?.endsWith('.waitForTaskToken') && 'TimeoutSeconds' in state
          ? { TimeoutSeconds: shortTimeoutSeconds }
          : {}),
        ...(ItemProcessor !== undefined && {
          ItemProcessor: { ...ItemProcessor, States: hurriedStates(ItemProcessor.States, changes) },
        }),
        ...changes[name],
      },
    ];
  });
  return Object.fromEntries(entries);
}

interface Loose {
  readonly Retry?: readonly { readonly MaxAttempts: number }[];
  readonly Resource?: string;
  readonly ItemProcessor?: StateMachineDefinition;
}

/** Enough for every fault that passes; nobody waits for four hundred. */
const mostAttempts = 12;

const soon = <Retrier extends { readonly MaxAttempts: number }>(retrier: Retrier) => ({
  ...retrier,
  IntervalSeconds: 0.01,
  MaxDelaySeconds: 0.01,
  JitterStrategy: 'NONE',
  MaxAttempts: Math.min(retrier.MaxAttempts, mostAttempts),
});
