// The subset of the Amazon States Language that the two state machines use. Anything else is an error.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Json = Readonly<Record<string, unknown>>;

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly MaxAttempts?: number;
}

interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly ResultPath?: string;
  readonly Next: string;
}

export interface State {
  readonly Type: 'Task' | 'Choice' | 'Wait' | 'Map' | 'Succeed' | 'Fail';
  readonly Resource?: string;
  readonly Parameters?: Json;
  readonly ResultSelector?: Json;
  readonly ResultPath?: string;
  readonly OutputPath?: string;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly Next?: string;
  readonly Choices?: readonly (Rule & { readonly Next: string })[];
  readonly Default?: string;
  readonly SecondsPath?: string;
  readonly ItemReader?: { readonly Parameters: Json };
  readonly ResultWriter?: { readonly Parameters: Json };
  readonly ItemProcessor?: Graph;
  readonly MaxConcurrencyPath?: string;
  readonly Error?: string;
  readonly Cause?: string;
  readonly ErrorPath?: string;
  readonly CausePath?: string;
}

export interface Graph {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

interface Rule {
  readonly And?: readonly Rule[];
  readonly Or?: readonly Rule[];
  readonly Not?: Rule;
  readonly Variable?: string;
  readonly StringEquals?: string;
  readonly BooleanEquals?: boolean;
  readonly IsPresent?: true;
}

const folder = join(import.meta.dirname, '../../../cdk/state-machines');
const read = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.asl.json`), 'utf8')) as Graph;

export const deployTarget = read('deploy-target');
export const rollout = read('rollout');

/** The states that the build inserts into DeployWave: the splay, then those of deploy-target. */
export const child: Graph = {
  StartAt: rollout.States.DeployWave?.ItemProcessor?.StartAt ?? '',
  States: { ...rollout.States.DeployWave?.ItemProcessor?.States, ...deployTarget.States },
};

/** The function that a task calls. */
export function functionOf({ Parameters }: State): string {
  return String(Parameters?.FunctionName).replace(/^\$\{(\w+)Arn\}$/, '$1');
}

export const waitsForToken = ({ Resource = '' }: State) => Resource.endsWith('.waitForTaskToken');

/** Throws States.Runtime if a path does not exist. The state machines must never cause this. */
export function at(path: string, input: unknown, context: Json): unknown {
  const [root = '', ...names] = path.split('.');
  let value: unknown = root === '$$' ? context : input;
  for (const name of names) {
    value = (value as Json | null | undefined)?.[name];
    if (value === undefined) throw new Error(`States.Runtime: ${path} leads nowhere`);
  }
  return value;
}

export function filled(template: Json, input: unknown, context: Json): Json {
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => {
      if (name.endsWith('.$')) return [name.slice(0, -2), at(String(value), input, context)];
      const isNested = typeof value === 'object' && value !== null;
      return [name, isNested ? filled(value as Json, input, context) : value];
    }),
  );
}

/** The input with a result at `$.name`; the result alone if the path is `$` or missing. */
export function placed(path: string | undefined, input: unknown, result: unknown): unknown {
  if (path === undefined || path === '$') return result;
  const [, name = '', ...deeper] = path.split('.');
  if (deeper.length > 0) throw new Error(`this reader knows no ${path}`);
  return { ...(input as Json), [name]: result };
}

export function chosen({ Choices = [], Default }: State, input: unknown): string {
  const next = Choices.find((rule) => holds(rule, input))?.Next ?? Default;
  if (next === undefined) throw new Error('States.Runtime: no choice');
  return next;
}

function holds(rule: Rule, input: unknown): boolean {
  const { And, Or, Not, Variable, StringEquals, BooleanEquals, IsPresent } = rule;
  if (And !== undefined) return And.every((one) => holds(one, input));
  if (Or !== undefined) return Or.some((one) => holds(one, input));
  if (Not !== undefined) return !holds(Not, input);
  if (IsPresent === true) return isPresent(String(Variable), input);
  const value = at(String(Variable), input, {});
  if (StringEquals !== undefined) return value === StringEquals;
  if (BooleanEquals !== undefined) return value === BooleanEquals;
  throw new Error(`this reader knows no ${Object.keys(rule).join(' ')}`);
}

/** Whether a path such as `$.deployment.target` leads to a value. */
function isPresent(path: string, input: unknown): boolean {
  const [, ...names] = path.split('.');
  let value = input;
  for (const name of names) value = (value as Json | null | undefined)?.[name];
  return value !== undefined;
}

/** Whether a Retry or a Catch matches this error. */
export function isFor({ ErrorEquals }: Pick<Retrier, 'ErrorEquals'>, error: string): boolean {
  return ErrorEquals.some(
    (name) =>
      name === error || name === 'States.ALL' || (name === 'States.TaskFailed' && error !== 'States.Timeout'),
  );
}
