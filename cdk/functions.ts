import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { tables as shapes } from '../core/deployment/tables.ts';
import type { Artefacts } from './artefacts.ts';
import { grantsFor, type Permission, type SecretAccess } from './permissions.ts';
import type { TableName, Tables } from './tables.ts';
import { type Network, TaskFunction } from './task-function.ts';

type TableAction = 'GetItem' | 'PutItem' | 'UpdateItem' | 'Query';

/** What one Lambda is for, how long it may take, and all it may touch. */
interface Task {
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly tables?: Partial<Record<TableName, readonly TableAction[]>>;
  readonly permissions?: readonly Permission[];
  /** It opens connections to the endpoints it looks at. */
  readonly opensConnections?: boolean;
}

// A state that waits for its Lambda's answer gives up first (60 and 180 seconds in the state machine), so the
// execution says which state took too long.
const quick = 65;
const probing = 185;

/** Sends a command and remembers it; asks once how it went, in case its event came before it was remembered. */
const commanding: Pick<Task, 'timeoutSeconds' | 'tables' | 'permissions'> = {
  timeoutSeconds: quick,
  tables: { locks: ['GetItem', 'PutItem', 'UpdateItem'], registry: ['PutItem'] },
  permissions: ['sendCommands', 'readInvocations', 'completeTasks'],
};

/** Every Lambda, by the name of its file. */
export const tasks = {
  'acquire-lock': {
    description: "State AcquireLock: takes the target's lock with a higher fence",
    timeoutSeconds: quick,
    tables: { locks: ['GetItem', 'PutItem', 'UpdateItem'], registry: ['PutItem'] },
    permissions: ['describeExecutions'],
  },
  'push-bundle': {
    ...commanding,
    description: 'State PushBundle: seals the bundle to its host and sends the job',
    tables: { locks: ['GetItem', 'PutItem', 'UpdateItem'], registry: ['GetItem', 'PutItem'] },
    permissions: ['sendCommands', 'readInvocations', 'completeTasks', 'readSecrets'],
  },
  'reconcile-command': {
    ...commanding,
    description: 'State ReconcileCommand: asks SSM, then the host, how a job ended',
  },
  'probe-endpoint': {
    description: 'State ProbeEndpoint: looks at what is presented',
    timeoutSeconds: probing,
    opensConnections: true,
  },
  'probe-from-host': {
    ...commanding,
    description: 'State ProbeFromHost: has the host look at what is presented',
  },
  'roll-back': {
    ...commanding,
    description: 'State RollBack: has the host put the old files back',
  },
  'probe-restored': {
    description: 'State ProbeRestored: looks whether the old leaf is presented again',
    timeoutSeconds: probing,
    opensConnections: true,
  },
  'record-outcome': {
    description: 'All recording states: writes the history item and releases the lock',
    timeoutSeconds: quick,
    tables: { locks: ['GetItem', 'UpdateItem'], deployments: ['PutItem', 'Query'] },
  },
  'command-status': {
    description: "Event: a command ended; reads the agent's line and completes the waiting state",
    timeoutSeconds: quick,
    tables: { locks: ['GetItem', 'UpdateItem'], registry: ['PutItem'] },
    permissions: ['readInvocations', 'completeTasks'],
  },
  'release-lock': {
    description: 'Event: an execution ended without recording its outcome; releases its lock',
    timeoutSeconds: quick,
    tables: { locks: ['GetItem', 'UpdateItem'], deployments: ['PutItem', 'Query'] },
    permissions: ['describeExecutions'],
  },
} as const satisfies Readonly<Record<string, Task>>;
export type TaskName = keyof typeof tasks;

export interface FunctionsProps extends SecretAccess {
  readonly artefacts: Artefacts;
  readonly key: IKey;
  readonly tables: Tables;
  readonly network: Network | undefined;
}

/** All Lambdas, each with a role that allows exactly what its row of {@link tasks} says. */
export class Functions extends Construct {
  readonly #functions = new Map<TaskName, TaskFunction>();

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const grants = grantsFor(this, props);
    for (const [name, task] of Object.entries(tasks) as [TaskName, Task][]) {
      const made = this.#create(name, task, props);
      this.#functions.set(name, made);
      for (const [table, actions] of Object.entries(task.tables ?? {}) as [TableName, TableAction[]][]) {
        made.allowTable(props.tables[table], shapes[table].variable, actions);
      }
      for (const permission of task.permissions ?? []) made.allow(grants[permission]);
    }
  }

  get(name: TaskName): TaskFunction {
    const found = this.#functions.get(name);
    if (found === undefined) throw new Error(`no such task: ${name}`);
    return found;
  }

  #create(name: TaskName, task: Task, { artefacts, key, network }: FunctionsProps): TaskFunction {
    return new TaskFunction(this, pascalCase(name), {
      name,
      description: task.description,
      code: artefacts.task(name),
      timeout: Duration.seconds(task.timeoutSeconds),
      key,
      network: task.opensConnections === true ? network : undefined,
    });
  }
}

/** `push-bundle` becomes `PushBundle`: the name of its state and of its substitution. */
export function pascalCase(name: string): string {
  return name.replaceAll(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
}
