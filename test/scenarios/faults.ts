// The built functions, some of them replaced by ones with a fault, and the machine's file with its waits shortened.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dist } from '../../local/artefacts.ts';
import { readDeployTarget, type StateMachineDefinition } from '../../local/step-functions/definition.ts';
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
  const machine = readDeployTarget();
  const states = Object.entries(machine.States).map(([name, state]) => {
    const quick =
      'Retry' in state ? { Retry: state.Retry?.map((retrier) => ({ ...retrier, ...noWait })) } : {};
    const short = 'Resource' in state && state.Resource.endsWith('.waitForTaskToken');
    const timeout = short ? { TimeoutSeconds: shortTimeoutSeconds } : {};
    return [name, { ...state, ...quick, ...timeout, ...changes[name] }];
  });
  return { ...machine, States: Object.fromEntries(states) };
}

const noWait = { IntervalSeconds: 0.01, MaxDelaySeconds: 0.01, JitterStrategy: 'NONE' };
