// The errors that can end an attempt of each Task state, from the timeouts and permissions of the functions and from the errors
// that their modules throw.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Task, type TaskName, tasks } from '../../cdk/functions/tasks.ts';
import { type ErrorName, errorNames } from '../../core/errors.ts';
import type { MachineName } from './branches.ts';
import type { State } from './graph.ts';

/** The errors of the Lambda service and of a runtime that exits (developer guide of Step Functions, "Handling errors"). */
const ofLambda = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.Unknown',
];

const ofTables = [
  'ThrottlingException',
  'InternalServerError',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
];

const writing = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);

/** The temporary errors of AWS that can end an attempt of a state. */
export function temporaryErrors(state: State): string[] {
  const task: Task = tasks[functionOf(state)];
  const actions = Object.values(task.tables ?? {}).flat();
  const writes = actions.some((action) => writing.has(action));
  return [
    ...ofLambda,
    ...(functionEndsFirst(state) ? ['Sandbox.Timedout'] : []),
    ...(stateEndsFirst(state) ? ['States.Timeout'] : []),
    ...(actions.length > 0 ? ofTables : []),
    ...(transacting.has(functionOf(state)) ? ['TransactionCanceledException'] : []),
    ...(writes ? ['TransactionConflictException'] : []),
  ];
}

const waitsForToken = ({ Resource = '' }: State) => Resource.endsWith('.waitForTaskToken');

/** Lambda ends the function, and reports it, only if the state waits longer than the function may run. */
function functionEndsFirst(state: State): boolean {
  return waitsForToken(state) || (state.TimeoutSeconds ?? 0) > tasks[functionOf(state)].timeoutSeconds;
}

function stateEndsFirst(state: State): boolean {
  return waitsForToken(state) || (state.TimeoutSeconds ?? 0) <= tasks[functionOf(state)].timeoutSeconds;
}

/** The function of a state: `${AcquireLockArn}` is `acquire-lock`. */
export function functionOf({ Parameters }: State): TaskName {
  const name = /\{(\w+)Arn\}/.exec(Parameters?.FunctionName ?? '')?.[1] ?? '';
  const kebab = name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
  if (!Object.hasOwn(tasks, kebab)) throw new Error(`cdk/functions/tasks.ts has no function ${kebab}`);
  return kebab as TaskName;
}

const root = resolve(import.meta.dirname, '../..');

/** The functions that write transactions: `services/history`, `services/locks/pending-commands.ts` and `begin-rollout.ts`. */
const transacting: ReadonlySet<string> = new Set<TaskName>([
  'push-bundle',
  'reconcile-command',
  'probe-from-host',
  'roll-back',
  'run-on-deployed',
  'record-outcome',
  'resolve-certificate',
]);

/** Errors that a function throws only with one of these permissions. */
const withPermission: Readonly<Partial<Record<ErrorName, readonly string[]>>> = {
  CommandUndeliverable: ['sendJobs', 'sendProbes'],
  SendPaced: ['sendJobs', 'sendProbes'],
  SourceUnavailable: ['readSources'],
  CredentialUnavailable: ['readCredentials'],
  // only in the function that runs the agent, which is no state
  HostBusy: [],
};

/** The names of own errors that the modules of a function throw. Its modules may throw them in other functions only. */
export function ownErrors(machine: MachineName, state: State): ErrorName[] {
  const name = functionOf(state);
  const permissions: readonly string[] = (tasks[name] as Task).permissions ?? [];
  const thrown = modulesOf(join(root, 'lambdas/handlers', machine, `${name}.ts`))
    .flatMap((text) => [...text.matchAll(/(?:CertferryError\(|\{ name:)\s*'(\w+)'/g)])
    .map(([, error]) => String(error));
  return [...new Set(thrown)]
    .filter((error): error is ErrorName => Object.hasOwn(errorNames, error))
    .filter((error) => withPermission[error]?.some((one) => permissions.includes(one)) ?? true)
    .sort();
}

/** The texts of a module and of all modules of this repository that it loads, without those that it imports as types. */
function modulesOf(entry: string): readonly string[] {
  const found = new Map<string, string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    const text = readFileSync(file, 'utf8');
    found.set(file, text);
    for (const [, from = ''] of text.matchAll(/^(?:import|export) (?!type )[^;]*? from '(\.[^']+)'/gms))
      visit(resolve(dirname(file), from));
  };
  visit(entry);
  return [...found.values()];
}
