// The parts of AWS that a deployment needs, on this machine: endpoints, functions, the state machine and the events
// between them.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startAcm } from '../aws/acm.ts';
import { startLambda } from '../aws/lambda.ts';
import { type Objects, openObjects } from '../aws/objects.ts';
import type { Operator } from '../aws/operator.ts';
import { startS3 } from '../aws/s3.ts';
import { type LocalSecrets, startSecretsManager } from '../aws/secrets-manager.ts';
import { type LocalMessage, startSns } from '../aws/sns.ts';
import { dist } from '../base/artefacts.ts';
import { openDataKey } from '../base/data-key.ts';
import { type LocalJobKey, openJobKey } from '../base/job-key.ts';
import { openLogStream } from '../base/log-stream.ts';
import { region } from '../base/published-events.ts';
import { isDiskFull, recordKeeper, releaseReserve, requireSpace } from '../base/space-reserve.ts';
import type { StateFolder } from '../base/state-folder.ts';
import { openStateDatabase } from '../dynamodb/open-tables.ts';
import { requestHandler } from '../dynamodb/request-handler.ts';
import { type LocalRuns, openRuns, runAgent } from '../functions/agent-runs.ts';
import { type Lambdas, openLambdas } from '../functions/lambdas.ts';
import { openSockets, socketAgent } from '../http/sockets.ts';
import { commandEnded } from '../ssm/command-event.ts';
import { type LocalDocument, readDocument } from '../ssm/document.ts';
import type { SimulatedHost } from '../ssm/simulated.ts';
import { startSsm } from '../ssm/start.ts';
import { deployTarget, rollout } from '../step-functions/arns.ts';
import { readDeployTarget, readRollout, type StateMachineDefinition } from '../step-functions/definition.ts';
import { type Executions, openExecutions } from '../step-functions/executions.ts';
import { startStepFunctions } from '../step-functions/start.ts';
import { acmEnvironment, lambdaEnvironment, type Service, serviceHosts } from './function-environment.ts';
import { forgetOldRecords } from './retention.ts';

/** What is run instead of what was built; for tests. */
export interface CloudParts {
  readonly definition?: StateMachineDefinition;
  readonly rollout?: StateMachineDefinition;
  /** Holds one folder a function. */
  readonly lambdas?: string;
  readonly document?: LocalDocument;
  /** Plays every host in this process; for measurements. */
  readonly simulated?: SimulatedHost;
}

/** What a person may set. */
export interface CloudOptions extends CloudParts {
  /** The maximum number of deployments of a rollout at a time, in addition to its strategy. Default: 16. */
  readonly deploymentsAtOnce?: number | undefined;
  /** Permits targets of kind acm, with these credentials. */
  readonly operator?: Operator | undefined;
  /** Called with each notification, which `logs/messages.log` contains as well. */
  readonly onMessage?: ((message: LocalMessage) => void) | undefined;
}

export interface Cloud {
  readonly documents: DynamoDBDocumentClient;
  readonly secrets: LocalSecrets;
  readonly executions: Executions;
  readonly objects: Objects;
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  /**
   * Reserves space on the disk of the state folder, and requires enough of it for a number of deployments. Call it before
   * anything starts. Throws StateFolderFull.
   */
  requireSpace(deployments: number): void;
  /** What the operator has permitted. `aws`: targets of kind acm. */
  readonly permitted: { readonly aws: boolean };
  /** Calls a function of the stack. Throws LambdaFailure. */
  invoke(functionName: string, payload: unknown): Promise<unknown>;
  close(): Promise<void>;
}

/** Opens everything on a state folder and buries the executions of processes that died. */
export async function openCloud(folder: StateFolder, parts: CloudOptions = {}): Promise<Cloud> {
  forgetOldRecords(folder, Date.now());
  const log = openLog(folder);
  const functions = lateFunctions();
  const deliver = (name: string, event: object) =>
    deliverEvent(() => functions.invoke(name, event), log.fault);
  const objects = openObjects(folder.objects);
  const executions = openExecutions({
    machines: {
      [deployTarget]: parts.definition ?? readDeployTarget(),
      [rollout]: parts.rollout ?? readRollout(),
    },
    folder: folder.executions,
    invoke: functions.invoke,
    objects,
    childrenAtOnce: parts.deploymentsAtOnce,
    onEnded: (event, machine) => executionEnded(event, machine, deliver),
    keepRecord: recordKeeper(folder.path, log.fault),
    onFault: log.fault,
  });
  const jobKey = openJobKey(folder.jobKey);
  const runs = openRuns({
    folder: folder.runs,
    documents: () => clients.documents,
    invoke: functions.invoke,
    onFault: log.fault,
  });
  const servers = await startServers(
    { folder, jobKey, executions, objects, runs, deliver, onFault: log.fault },
    parts,
  );
  const lambdas = openLambdas({
    folder: parts.lambdas ?? join(dist, 'lambdas'),
    database: folder.database,
    sockets: servers.sockets,
    log: join(folder.logs, 'lambda.log'),
    environment: {
      ...lambdaEnvironment(folder, servers.token, jobKey),
      ...(parts.operator !== undefined && acmEnvironment(openDataKey(folder.dataKey))),
    },
  });
  functions.set(lambdas);
  const clients = clientsOf(servers);
  await runs.endAbandoned();
  await executions.endAbandonedExecutions();
  return {
    ...clients,
    secrets: servers.secrets,
    executions,
    objects,
    invoke: functions.invoke,
    requireSpace: (deployments) => requireSpace(folder.path, deployments),
    permitted: { aws: parts.operator !== undefined },
    async close() {
      await executions.close();
      await lambdas.close();
      for (const client of Object.values(clients)) client.destroy();
      await servers.close();
      log.close();
    },
  };
}

function clientsOf({ database, sockets, token }: Servers) {
  const common = { region, credentials: { accessKeyId: token, secretAccessKey: 'unused' } };
  const through = (host: keyof Servers['sockets']) => ({
    endpoint: `http://${host}`,
    requestHandler: { httpAgent: socketAgent(sockets[host] ?? '') },
  });
  const dynamoDb = new DynamoDBClient({ ...common, requestHandler: requestHandler(database) });
  return {
    documents: DynamoDBDocumentClient.from(dynamoDb),
    s3: new S3Client({ ...common, ...through(serviceHosts.s3), forcePathStyle: true }),
    sfn: new SFNClient({ ...common, ...through(serviceHosts.stepFunctions) }),
  };
}

/** The functions know their endpoints, and the endpoints call the functions. */
function lateFunctions() {
  let lambdas: Lambdas | null = null;
  return {
    set(opened: Lambdas) {
      lambdas = opened;
    },
    invoke(name: string, payload: unknown): Promise<unknown> {
      if (lambdas === null) throw new Error(`${name} was called before the functions were there`);
      return lambdas.invoke(name, payload);
    },
  };
}

type Deliver = (name: string, event: object) => Promise<void>;

/** The stack's rules: a deployment that ended badly may have left its lock behind; a rollout has none. */
async function executionEnded(event: object, machine: string, deliver: Deliver): Promise<void> {
  const { status } = (event as { detail: { status: string } }).detail;
  if (machine !== rollout && status !== 'SUCCEEDED') await deliver('release-lock', event);
}

interface ServerContext {
  readonly folder: StateFolder;
  readonly jobKey: LocalJobKey;
  readonly executions: Executions;
  readonly objects: Objects;
  readonly runs: LocalRuns;
  readonly deliver: Deliver;
  readonly onFault: (error: unknown) => void;
}

type Servers = Awaited<ReturnType<typeof startServers>>;

async function startServers(
  { folder, jobKey, executions, objects, runs, deliver, onFault }: ServerContext,
  { document = readDocument(), simulated, onMessage, operator }: CloudOptions,
) {
  // first: if it cannot be opened, no server may be left listening
  const database = openStateDatabase(folder);
  const { token, pathOf, close: removeSockets } = openSockets(folder.path);
  const access = (service: Service) => ({ accessKeyId: token, socket: pathOf(service), onFault });
  const [secrets, stepFunctions, s3, sns, ssm, lambda] = await Promise.all([
    startSecretsManager(access('secretsManager')),
    startStepFunctions(executions, access('stepFunctions')),
    startS3({ ...access('s3'), objects }),
    startSns({ ...access('sns'), file: join(folder.logs, 'messages.log'), onMessage }),
    startSsm({
      ...access('ssm'),
      document,
      jobKeys: jobKey.publicKeys,
      simulated,
      commands: folder.commands,
      hosts: folder.hosts,
      onEnd: (record) => void deliver('command-status', commandEnded(record)),
    }),
    startLambda({ ...access('lambda'), functions: [runAgent], start: runs.start }),
  ]);
  const acm = operator === undefined ? null : await startAcm({ ...access('acm'), operator });
  const servers = { ssm, stepFunctions, secretsManager: secrets, s3, sns, lambda, ...(acm && { acm }) };
  const sockets = Object.fromEntries(
    Object.entries(servers).map(([service, { socketPath }]) => [
      serviceHosts[service as Service],
      socketPath ?? '',
    ]),
  );
  return {
    sockets,
    token,
    secrets,
    database,
    async close() {
      await Promise.all(Object.values(servers).map((server) => server.close()));
      removeSockets();
      database.close();
    },
  };
}

/** An error that reports a full disk gives the reserved space back: what failed is tried again. */
function openLog({ path, logs }: StateFolder) {
  const stream = openLogStream(join(logs, 'certferry.log'));
  return {
    fault(error: unknown) {
      if (isDiskFull(error)) releaseReserve(path);
      stream.write(`${new Date().toISOString()} ${error instanceof Error ? error.stack : String(error)}\n`);
    },
    close: () => stream.end(),
  };
}

/** EventBridge invokes a function up to three times for an event. */
const deliveryPauses = [200, 1000, null];

async function deliverEvent(
  invoke: () => Promise<unknown>,
  onFault: (error: unknown) => void,
): Promise<void> {
  for (const pause of deliveryPauses) {
    try {
      await invoke();
      return;
    } catch (error) {
      onFault(error);
      if (pause !== null) await sleep(pause);
    }
  }
}
