// The machine's file as a graph, for tests of its shape.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
}

export interface State {
  readonly Type: string;
  readonly Comment?: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Parameters?: { readonly FunctionName?: string };
}

export interface Machine {
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<string, State>>;
}

export const file = resolve(import.meta.dirname, '../../cdk/state-machines/deploy-target.asl.json');
export const machine = JSON.parse(readFileSync(file, 'utf8')) as Machine;

/** The machine as CloudFormation fills it in; the validator accepts no placeholder in a `Resource`. */
export const inPartition = <Definition>(definition: Definition, partition: string): Definition =>
  JSON.parse(JSON.stringify(definition).replaceAll('${Partition}', partition));

export const states = Object.entries(machine.States);

export const isEnd = ({ Type }: State) => Type === 'Succeed' || Type === 'Fail';
/** A state that writes the deployment's history item and releases the lock. */
export const isRecording = ({ Parameters }: State) => Parameters?.FunctionName === '${RecordOutcomeArn}';

/** The names of the states that can follow a state, Catch included. */
export function successors(state: State): string[] {
  const branches = [...(state.Choices ?? []), ...(state.Catch ?? [])].map(({ Next }) => Next);
  return [...branches, state.Next, state.Default].filter((name) => name !== undefined);
}

export function stateNamed(name: string): State {
  const state = machine.States[name];
  if (state === undefined) throw new Error(`${file} has no state ${name}`);
  return state;
}

/** The maximum time that a retrier keeps a state waiting, in seconds. Jitter only shortens it. */
export function maximumWait(retrier: Retrier): number {
  let total = 0;
  for (let attempt = 0; attempt < retrier.MaxAttempts; attempt += 1) {
    total += Math.min(retrier.IntervalSeconds * retrier.BackoffRate ** attempt, retrier.MaxDelaySeconds);
  }
  return total;
}

/** The timeout of a function that starts a wait for a task token: `quick` in `cdk/functions/tasks.ts`. Seconds. */
const functionSeconds = 65;

/** The duration of an attempt before its retry, in seconds. Only a lost host or event uses up the state's own timeout. */
const attemptSeconds = ({ ErrorEquals }: Retrier, { Resource = '', TimeoutSeconds = 0 }: State) =>
  Resource.endsWith('.waitForTaskToken') && !ErrorEquals.includes('States.Timeout')
    ? functionSeconds
    : TimeoutSeconds;

/** The maximum time that a state takes when all its retries are used up, in seconds. */
export function maximumDuration(state: State): number {
  const { TimeoutSeconds = 0, Retry = [] } = state;
  return Retry.reduce(
    (sum, retrier) => sum + maximumWait(retrier) + retrier.MaxAttempts * attemptSeconds(retrier, state),
    TimeoutSeconds,
  );
}

/** The maximum time of a path from a state to an end that visits no state twice, in seconds. */
export function longestPath(from: string, seen: ReadonlySet<string> = new Set()): number {
  const state = stateNamed(from);
  const following = successors(state).filter((name) => !seen.has(name) && name !== from);
  const visited = new Set([...seen, from]);
  return maximumDuration(state) + Math.max(0, ...following.map((name) => longestPath(name, visited)));
}
