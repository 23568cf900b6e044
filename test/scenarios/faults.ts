// The built functions with injected faults, and the machine's file with shorter waits.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dist } from '../../local/base/artefacts.ts';
import {
  readDeployTarget,
  readRollout,
  type StateMachineDefinition,
} from '../../local/step-functions/definition.ts';
import { scratch } from '../local/scratch.ts';
import { tinyLambdas } from '../local/tiny-lambdas.ts';

/** A function that throws at each call, or at the first `times` calls only. */
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

/** As {@link throws}, but only for the deployments of one target with this action, and only at their first `times` calls. */
export const throwsFor =
  (name: string, targetId: string, { action = 'deploy', times = Number.POSITIVE_INFINITY } = {}) =>
  (real: string) =>
    `
import { handler as real } from '${real}';
let calls = 0;
export const handler = async (event) => {
  const { target, action } = event.deployment;
  const isMeant = target.id === '${targetId}' && action === '${action}';
  if (isMeant) calls += 1;
  if (isMeant && calls <= ${times}) throw Object.assign(new Error('injected'), { name: '${name}' });
  return real(event);
};`;

/** A function that does nothing. Its event or its response is lost. */
export const doesNothing = () => `export const handler = async () => ({ summary: 'nothing' });`;

/** A function that does its work and then throws at the first `times` calls. Its response is lost. */
export const losesItsResponse = (name: string, times: number) => (real: string) =>
  `
import { handler as real } from '${real}';
let calls = 0;
export const handler = async (event) => {
  calls += 1;
  const response = await real(event);
  if (calls <= ${times}) throw Object.assign(new Error('injected'), { name: '${name}' });
  return response;
};`;

export type Fault = (real: string) => string;

type Faults = Readonly<Record<string, Fault>>;

/** The built functions in one folder. `inject` replaces the faults of all functions while a backend runs them. */
export interface FaultyLambdas {
  readonly folder: string;
  inject(faults: Faults): void;
}

/** Starts without faults. One backend can run many scenarios, so the functions and their packages are loaded once. */
export function faultyLambdas(): FaultyLambdas {
  const faulty = scratch();
  const table = join(faulty, 'faults.json');
  const urlOf = (name: string) => pathToFileURL(join(dist, 'lambdas', name, 'index.mjs')).href;
  const sources = readdirSync(join(dist, 'lambdas')).map((name) => [
    name,
    switching(name, urlOf(name), table),
  ]);
  let injections = 0;
  const inject = (faults: Faults) => {
    injections += 1;
    const files = Object.entries(faults).map(([name, fault]) => {
      const file = join(faulty, `${name}-${injections}.mjs`);
      writeFileSync(file, fault(urlOf(name)));
      return [name, file];
    });
    writeFileSync(table, JSON.stringify(Object.fromEntries(files)));
  };
  inject({});
  return { folder: tinyLambdas(Object.fromEntries(sources)), inject };
}

/** A function that looks up its fault at each call. A fault is a module, so its count of calls starts at 0. */
const switching = (name: string, real: string, table: string) => `
import { readFileSync } from 'node:fs';
import { handler as real } from '${real}';
export const handler = async (event, context) => {
  const fault = JSON.parse(readFileSync('${table}', 'utf8'))['${name}'];
  return fault === undefined ? real(event, context) : (await import(fault)).handler(event, context);
};`;

/** Seconds that a state waits for a token, instead of 15 minutes, where a scenario loses the event that brings it. */
export const shortTimeoutSeconds = 7;

/** The machine as it is deployed, except that retries follow at once. `timeoutSeconds` limits the wait for a token. */
export function quickMachine(
  changes: Readonly<Record<string, object>> = {},
  timeoutSeconds?: number,
): StateMachineDefinition {
  return hurried(readDeployTarget(), changes, timeoutSeconds);
}

/** The same for the state machine of rollouts and the deployments in its Distributed Map. */
export function quickRollout(changes: Readonly<Record<string, object>> = {}): StateMachineDefinition {
  return hurried(readRollout(), changes);
}

type States = StateMachineDefinition['States'];

/** Shortens the waits of any machine. `changes` replaces further fields, by the name of the state. */
export function hurried(
  machine: StateMachineDefinition,
  changes: Readonly<Record<string, object>> = {},
  timeoutSeconds?: number,
): StateMachineDefinition {
  return { ...machine, States: hurriedStates(machine.States, changes, timeoutSeconds) };
}

function hurriedStates(
  states: States,
  changes: Readonly<Record<string, object>>,
  timeoutSeconds: number | undefined,
): States {
  const entries = Object.entries(states).map(([name, state]) => {
    const { Retry, Resource, ItemProcessor } = state as Loose;
    return [
      name,
      {
        ...state,
        ...(Retry !== undefined && { Retry: Retry.map(soon) }),
        ...(Resource?.endsWith('.waitForTaskToken') &&
        'TimeoutSeconds' in state &&
        timeoutSeconds !== undefined
          ? { TimeoutSeconds: timeoutSeconds }
          : {}),
        ...(ItemProcessor !== undefined && {
          ItemProcessor: {
            ...ItemProcessor,
            States: hurriedStates(ItemProcessor.States, changes, timeoutSeconds),
          },
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

/** Enough for every temporary fault, and far fewer than the 300 attempts of one retrier. */
const maximumAttempts = 12;

const soon = <Retrier extends { readonly MaxAttempts: number }>(retrier: Retrier) => ({
  ...retrier,
  IntervalSeconds: 0.01,
  MaxDelaySeconds: 0.01,
  JitterStrategy: 'NONE',
  MaxAttempts: Math.min(retrier.MaxAttempts, maximumAttempts),
});
