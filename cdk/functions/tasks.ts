import { timeBudgets } from '../../core/time-budgets.ts';
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

/** The purpose, the timeout and all permissions of one function. */
export interface Task {
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly tables?: Partial<Record<TableName, readonly TableAction[]>>;
  /** The partitions of the table `registry` that it may write, as patterns. All of its writes have this condition. */
  readonly registryWrites?: readonly string[];
  readonly permissions?: readonly Permission[];
  /** Whether it opens connections to endpoints, and therefore runs in the configured VPC. */
  readonly opensConnections?: boolean;
  /** Whether it runs the agent. It then runs in the VPC of the agent, and each asynchronous invocation only once. */
  readonly runsAgent?: boolean;
}

const {
  quickFunction: quick,
  probeFunction: probing,
  servicesFunction: probingAll,
  judgeFunction: judging,
  planFunction: longest,
  agentFunction: agent,
} = timeBudgets;

/** Sends a command and records it. Then reads its result once, because its event may arrive before the record exists. */
const commanding = {
  timeoutSeconds: quick,
  tables: { locks: ['GetItem', 'PutItem', 'UpdateItem'], registry: ['BatchGetItem', 'GetItem', 'PutItem'] },
  registryWrites: ['host#*'],
  permissions: ['readInvocations', 'findHosts', 'completeTasks', 'assumeRunners', 'notifyOperators'],
} as const satisfies Partial<Task>;

/**
 * Gives signed jobs to hosts, with the credentials of stores and the kept copies of targets, and starts runs of the agent. Only
 * these functions can sign.
 */
const giving = {
  ...commanding,
  tables: { ...commanding.tables, registry: [...commanding.tables.registry, 'Query'] },
  permissions: [...commanding.permissions, 'sendJobs', 'signJobs', 'readCredentials', 'startRuns'],
} as const;

/** All functions, by the names of their files. */
export const tasks = {
  'acquire-lock': {
    description: 'State AcquireLock: acquires the lock of the target with a higher fence',
    timeoutSeconds: quick,
    tables: { locks: ['GetItem', 'PutItem', 'UpdateItem'], registry: ['BatchGetItem', 'PutItem'] },
    registryWrites: ['target#*'],
    permissions: ['describeExecutions'],
  },
  'push-bundle': {
    ...giving,
    description: 'State PushBundle: seals the bundle to its host, signs the job and sends it',
    tables: {
      ...giving.tables,
      registry: ['DeleteItem', ...giving.tables.registry],
      deployments: ['Query'],
    },
    registryWrites: [...giving.registryWrites, 'kept#*'],
    permissions: [...giving.permissions, 'readSources', 'keepBundles'],
  },
  'reconcile-command': {
    ...giving,
    description: 'State ReconcileCommand: asks SSM and then the host for the result of a job',
    permissions: [...giving.permissions, 'openKeptBundles'],
  },
  'probe-endpoint': {
    description: 'State ProbeEndpoint: probes the endpoint',
    timeoutSeconds: probing,
    opensConnections: true,
  },
  'probe-from-host': {
    ...commanding,
    description: 'State ProbeFromHost: lets the host probe the endpoint',
    permissions: [...commanding.permissions, 'sendProbes', 'startRuns'],
  },
  'roll-back': {
    ...giving,
    description: 'State RollBack: lets the host restore the previous version',
    permissions: [...giving.permissions, 'openKeptBundles'],
  },
  'run-on-deployed': {
    ...commanding,
    description: 'State RunOnDeployed: lets the host run the commands onDeployed of a target',
    permissions: [...commanding.permissions, 'sendJobs', 'signJobs'],
  },
  'probe-restored': {
    description: 'State ProbeRestored: verifies that the endpoint serves the previous leaf',
    timeoutSeconds: probing,
    opensConnections: true,
  },
  'record-outcome': {
    description: 'All recording states: writes the history item, releases the lock and notifies operators',
    timeoutSeconds: quick,
    tables: {
      locks: ['GetItem', 'UpdateItem'],
      registry: ['UpdateItem'],
      deployments: ['PutItem', 'Query'],
    },
    registryWrites: ['target#*', 'rollout#*'],
    permissions: ['notifyOperators'],
  },
  'command-status': {
    description: 'Event: a command ended; reads the result of the agent and completes the waiting state',
    timeoutSeconds: quick,
    tables: { locks: ['GetItem', 'UpdateItem'], registry: ['BatchGetItem', 'GetItem', 'PutItem'] },
    registryWrites: ['host#*'],
    permissions: ['readInvocations', 'findHosts', 'completeTasks', 'assumeRunners', 'notifyOperators'],
  },
  'run-agent': {
    description:
      'Event: a job for a target with host: lambda; runs the agent and completes the waiting state',
    timeoutSeconds: agent,
    tables: {
      locks: ['GetItem', 'UpdateItem'],
      registry: ['ConditionCheckItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'],
    },
    registryWrites: ['agent#*', 'kept#*'],
    permissions: ['completeTasks', 'readSources', 'readCredentials', 'keepBundles'],
    runsAgent: true,
  },
  'release-lock': {
    description: 'Event: an execution ended without recording its outcome; releases its lock',
    timeoutSeconds: quick,
    tables: {
      locks: ['GetItem', 'UpdateItem'],
      registry: ['UpdateItem'],
      deployments: ['PutItem', 'Query'],
    },
    registryWrites: ['target#*', 'rollout#*'],
    permissions: ['describeExecutions'],
  },
  'resolve-certificate': {
    description: 'State ResolveCertificate: finds the version and records the rollout',
    timeoutSeconds: probing,
    tables: { registry: ['BatchGetItem', 'ConditionCheckItem', 'GetItem', 'PutItem', 'Query'] },
    registryWrites: ['certificate#*', 'rollout#*', 'rollouts', 'rollouts#*'],
    permissions: ['readSources', 'nameWorkBucket', 'describeRollouts'],
  },
  'next-wave': {
    description: "State NextWave: finds the targets' hosts, warms those of the next wave and writes the wave",
    timeoutSeconds: longest,
    tables: { locks: ['UpdateItem'], registry: ['BatchGetItem', 'GetItem', 'Query', 'UpdateItem'] },
    registryWrites: ['host#*', 'rollout#*'],
    permissions: [
      'findHosts',
      'assumeRunners',
      'sendProbes',
      'readInvocations',
      'writeWaveFiles',
      'notifyOperators',
    ],
  },
  'judge-wave': {
    description: 'State JudgeWave: evaluates the outcomes of a wave',
    timeoutSeconds: judging,
    tables: { registry: ['BatchGetItem'] },
    permissions: ['writeWaveFiles'],
  },
  'probe-services': {
    description: 'State ProbeServices: probes the service endpoints',
    timeoutSeconds: probingAll,
    permissions: ['notifyOperators'],
    opensConnections: true,
  },
  'ask-approval': {
    description: 'State AwaitApproval: sends the approval request',
    timeoutSeconds: quick,
    tables: { registry: ['UpdateItem'] },
    registryWrites: ['rollout#*'],
    permissions: ['notifyOperators'],
  },
  'decide-approval': {
    description: 'Approval link: completes AwaitApproval with the decision of an operator',
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem', 'GetItem', 'UpdateItem'] },
    registryWrites: ['rollout#*'],
    permissions: ['completeApprovals'],
  },
  'halt-rollout': {
    description: 'State HaltRollout: starts no further deployments',
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem', 'UpdateItem'] },
    registryWrites: ['rollout#*'],
    permissions: ['notifyOperators'],
  },
  'end-rollout': {
    description: 'The recording states of a rollout: records the outcome and notifies operators',
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem', 'GetItem', 'UpdateItem'] },
    registryWrites: ['certificate#*', 'rollout#*'],
    permissions: ['readWaveFiles', 'notifyOperators', 'startRollouts'],
  },
  'start-rollouts': {
    description: 'Event: a new version or instance; starts the rollouts for it',
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem', 'GetItem', 'Query'] },
    permissions: ['startRollouts', 'readInstances', 'assumeRunners'],
  },
  sweep: {
    description: 'Schedule: probes every endpoint, publishes metrics, heals targets and deploys to new hosts',
    timeoutSeconds: longest,
    tables: {
      locks: ['GetItem', 'PutItem', 'UpdateItem'],
      registry: ['BatchGetItem', 'GetItem', 'PutItem', 'Query'],
    },
    registryWrites: ['sweep'],
    permissions: [
      'findHosts',
      'sendProbes',
      'startRuns',
      'readInvocations',
      'assumeRunners',
      'startRollouts',
      'describeRollouts',
    ],
    opensConnections: true,
  },
  'find-hosts': {
    description: 'Command line: finds the hosts of a target, also in other accounts, for single deployments',
    timeoutSeconds: quick,
    tables: { registry: ['BatchGetItem'] },
    permissions: ['findHosts', 'assumeRunners'],
  },
  'warm-hosts': {
    description: 'Command line: lets hosts fetch the agent and its runtime',
    timeoutSeconds: longest,
    tables: { locks: ['UpdateItem'], registry: ['UpdateItem'] },
    registryWrites: ['host#*'],
    permissions: ['findHosts', 'sendProbes', 'readInvocations', 'assumeRunners'],
  },
  'sync-registry': {
    description: 'CloudFormation: updates the registry with the certificates and targets of the stack',
    timeoutSeconds: longest,
    tables: { registry: ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query'] },
    registryWrites: ['certificate#*', 'certificates', 'group#*', 'source#*', 'target#*', 'targets'],
  },
  'read-job-keys': {
    description: 'CloudFormation: reads the public keys for the SSM document',
    timeoutSeconds: quick,
    permissions: ['readJobKeys'],
  },
  'complete-stack': {
    description:
      'CloudFormation: makes the SSM documents of the stack the default versions, and protects the tables',
    timeoutSeconds: longest,
    permissions: ['completeStack'],
  },
} as const satisfies Readonly<Record<string, Task>>;
export type TaskName = keyof typeof tasks;

/** `push-bundle` becomes `PushBundle`: the name of its state and of its substitution. */
export function pascalCase(name: string): string {
  return name.replaceAll(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
}
