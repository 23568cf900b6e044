import type { Permission } from '../grants/permissions.ts';
import type { TableName } from '../storage/tables.ts';

export type TableAction =
  | 'BatchGetItem'
  | 'ConditionCheckItem'
  | 'DeleteItem'
  | 'GetItem'
  | 'PutItem'
  | 'Query'
  | 'UpdateItem';

/** What one Lambda is for, how long it may take, and all it may touch. */
export interface Task {
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly tables?: Partial<Record<TableName, readonly TableAction[]>>;
  readonly permissions?: readonly Permission[];
  /** It opens connections to the endpoints it looks at. */
  readonly opensConnections?: boolean;
}

// A state that waits for its Lambda's answer gives up first (60, 180, 240, 300 and 840 seconds in the state machines), so
// the execution says which state took too long.
const quick = 65;
const probing = 185;
const probingAll = 245;
const judging = 305;
/** What Lambda allows is 900. */
const longest = 850;

/** Sends a command and remembers it; asks once how it went, in case its event came before it was remembered. */
const commanding: Pick<Task, 'timeoutSeconds' | 'tables' | 'permissions'> = {
  timeoutSeconds: quick,
  tables: { locks: ['GetItem', 'PutItem', 'UpdateItem'], registry: ['PutItem'] },
  permissions: ['sendCommands', 'readInvocations', 'askWhetherOnline', 'completeTasks', 'assumeRunners'],
};

/** Every Lambda, by the name of its file. */
export const tasks = {
  'acquire-lock': {
    description: "State AcquireLock: takes the target's lock with a higher fence",
    timeoutSeconds: quick,
    tables: { locks: ['GetItem', 'PutItem', 'UpdateItem'], registry: ['BatchGetItem', 'PutItem'] },
    permissions: ['describeExecutions'],
  },
  'push-bundle': {
    ...commanding,
    description: 'State PushBundle: seals the bundle to its host and sends the job',
    tables: { locks: ['GetItem', 'PutItem', 'UpdateItem'], registry: ['GetItem', 'PutItem'] },
    permissions: [
      'sendCommands',
      'readInvocations',
      'askWhetherOnline',
      'completeTasks',
      'assumeRunners',
      'readSources',
    ],
  },
  'reconcile-command': {
    ...commanding,
    description: 'State ReconcileCommand: asks SSM, then the host, how a job ended',
  },
  'probe-endpoint': {
    description: 'State ProbeEndpoint: looks at what is served',
    timeoutSeconds: probing,
    opensConnections: true,
  },
  'probe-from-host': {
    ...commanding,
    description: 'State ProbeFromHost: has the host look at what is served',
  },
  'roll-back': {
    ...commanding,
    description: 'State RollBack: has the host put the old files back',
  },
  'probe-restored': {
    description: 'State ProbeRestored: looks whether the old leaf is served again',
    timeoutSeconds: probing,
    opensConnections: true,
  },
  'record-outcome': {
    description: 'All recording states: writes the history item, releases the lock, tells who is needed',
    timeoutSeconds: quick,
    tables: {
      locks: ['GetItem', 'UpdateItem'],
      registry: ['UpdateItem'],
      deployments: ['PutItem', 'Query'],
    },
    permissions: ['tellPeople'],
  },
  'command-status': {
    description: "Event: a command ended; reads the agent's line and completes the waiting state",
    timeoutSeconds: quick,
    tables: { locks: ['GetItem', 'UpdateItem'], registry: ['PutItem'] },
    permissions: ['readInvocations', 'completeTasks', 'assumeRunners'],
  },
  'release-lock': {
    description: 'Event: an execution ended without recording its outcome; releases its lock',
    timeoutSeconds: quick,
    tables: {
      locks: ['GetItem', 'UpdateItem'],
      registry: ['UpdateItem'],
      deployments: ['PutItem', 'Query'],
    },
    permissions: ['describeExecutions'],
  },
  'resolve-certificate': {
    description: "State ResolveCertificate: finds the version's bytes and gives the rollout its place",
    timeoutSeconds: probing,
    tables: { registry: ['BatchGetItem', 'ConditionCheckItem', 'GetItem', 'PutItem', 'Query'] },
    permissions: ['readSources', 'knowWorkBucket', 'describeRollouts'],
  },
  'next-wave': {
    description: "State NextWave: finds the targets' hosts and writes the next wave",
    timeoutSeconds: longest,
    tables: { registry: ['BatchGetItem', 'Query', 'UpdateItem'] },
    permissions: ['findHosts', 'assumeRunners', 'keepWaveFiles'],
  },
  'judge-wave': {
    description: 'State JudgeWave: reads how each deployment of a wave ended',
    timeoutSeconds: judging,
    tables: { registry: ['BatchGetItem'] },
    permissions: ['keepWaveFiles'],
  },
  'probe-services': {
    description: 'State ProbeServices: looks at what the service as a whole serves',
    timeoutSeconds: probingAll,
    permissions: ['tellPeople'],
    opensConnections: true,
  },
  'ask-approval': {
    description: 'State AwaitApproval: asks a person whether the rollout goes on',
    timeoutSeconds: quick,
    tables: { registry: ['UpdateItem'] },
    permissions: ['tellPeople'],
  },
  'decide-approval': {
    description: "The link in a message: a person's answer completes AwaitApproval",
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem', 'GetItem', 'UpdateItem'] },
    permissions: ['answerTasks'],
  },
  'halt-rollout': {
    description: 'State HaltRollout: lets no further deployment begin',
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem', 'UpdateItem'] },
    permissions: ['tellPeople'],
  },
  'end-rollout': {
    description: 'The recording states of a rollout: writes how it ended and tells people',
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem', 'UpdateItem'] },
    permissions: ['readWaveFiles', 'tellPeople'],
  },
  'start-rollouts': {
    description: 'Event: a new version or a new instance; starts the rollouts that it concerns',
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem', 'GetItem', 'Query'] },
    permissions: ['startRollouts'],
  },
  sweep: {
    description: 'Schedule: looks at every endpoint, publishes drift and days to expiry, heals where told to',
    timeoutSeconds: longest,
    tables: {
      locks: ['GetItem', 'UpdateItem'],
      registry: ['BatchGetItem', 'GetItem', 'PutItem', 'Query'],
    },
    permissions: [
      'findHosts',
      'sendCommands',
      'readInvocations',
      'assumeRunners',
      'startRollouts',
      'describeRollouts',
    ],
    opensConnections: true,
  },
  'find-hosts': {
    description:
      "People: finds a target's hosts, in other accounts too, for deployments that are asked for one by one",
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem'] },
    permissions: ['findHosts', 'assumeRunners'],
  },
  'sync-registry': {
    description: 'CloudFormation: brings the certificates and targets that the stack names into the registry',
    timeoutSeconds: longest,
    tables: { registry: ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query'] },
  },
} as const satisfies Readonly<Record<string, Task>>;
export type TaskName = keyof typeof tasks;

/** `push-bundle` becomes `PushBundle`: the name of its state and of its substitution. */
export function pascalCase(name: string): string {
  return name.replaceAll(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
}
