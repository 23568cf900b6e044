// The parts of AWS that a deployment needs, on this machine: endpoints, functions, the state machine and the events
// between them.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { dist } from './artefacts.ts';
import { connectDatabase } from './dynamodb/connect.ts';
import { createTables } from './dynamodb/create-tables.ts';
import { type Endpoints, lambdaEnvironment } from './environment.ts';
import { commandEnded, region } from './events.ts';
import { type Lambdas, openLambdas } from './lambdas.ts';
import { forgetOldRecords } from './retention.ts';
import { type LocalSecrets, startSecretsManager } from './secrets-manager.ts';
import { type LocalDocument, readDocument } from './ssm/document.ts';
import { startSsm } from './ssm/start.ts';
import type { StateFolder } from './state-folder.ts';
import { readDeployTarget, type StateMachineDefinition } from './step-functions/definition.ts';
import { type Executions, openExecutions } from './step-functions/executions.ts';
import { startStepFunctions } from './step-functions/start.ts';

/** What is run instead of what was built; for tests. */
export interface CloudParts {
  readonly definition?: StateMachineDefinition;
  /** Holds one folder a function. */
  readonly lambdas?: string;
  readonly document?: LocalDocument;
}

export interface Cloud {
  readonly documents: DynamoDBDocumentClient;
  readonly secrets: LocalSecrets;
  readonly executions: Executions;
  close(): Promise<void>;
}

/** Opens everything on a state folder and buries the executions of processes that died. */
export async function openCloud(folder: StateFolder, parts: CloudParts = {}): Promise<Cloud> {
  forgetOldRecords(folder, Date.now());
  const log = openLog(join(folder.logs, 'certferry.log'));
  const functions = lateFunctions();
  const deliver = (name: string, event: object) =>
    deliverEvent(() => functions.invoke(name, event), log.fault);
  const executions = openExecutions({
    definition: parts.definition ?? readDeployTarget(),
    folder: folder.executions,
    invoke: functions.invoke,
    onEnded: (event) => deliver('release-lock', event),
  });
  const servers = await startServers({ folder, executions, deliver, onFault: log.fault }, parts.document);
  const lambdas = openLambdas({
    folder: parts.lambdas ?? join(dist, 'lambdas'),
    log: join(folder.logs, 'lambda.log'),
    environment: lambdaEnvironment(servers.endpoints, folder.token),
  });
  functions.set(lambdas);
  const credentials = { accessKeyId: folder.token, secretAccessKey: 'unused' };
  const client = new DynamoDBClient({ endpoint: servers.endpoints.dynamodb, region, credentials });
  await executions.buryDead();
  return {
    documents: DynamoDBDocumentClient.from(client),
    secrets: servers.secrets,
    executions,
    async close() {
      await executions.close();
      await lambdas.close();
      client.destroy();
      await servers.close();
      log.close();
    },
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

interface Surroundings {
  readonly folder: StateFolder;
  readonly executions: Executions;
  readonly deliver: (name: string, event: object) => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

async function startServers(
  { folder, executions, deliver, onFault }: Surroundings,
  document = readDocument(),
) {
  const access = { accessKeyId: folder.token, onFault };
  // first, because it alone can fail, and then nothing may be left listening
  const database = await connectDatabase(folder);
  const [secrets, stepFunctions, ssm] = await Promise.all([
    startSecretsManager(access),
    startStepFunctions(executions, access),
    startSsm({
      ...access,
      document,
      commands: folder.commands,
      hosts: folder.hosts,
      onEnd: (record) => void deliver('command-status', commandEnded(record)),
    }),
  ]);
  await createTables(database.endpoint, folder.token);
  const endpoints: Endpoints = {
    dynamodb: database.endpoint,
    ssm: ssm.endpoint,
    stepFunctions: stepFunctions.endpoint,
    secretsManager: secrets.endpoint,
  };
  return {
    endpoints,
    secrets,
    close: () => Promise.all([secrets, stepFunctions, ssm, database].map((server) => server.close())),
  };
}

function openLog(path: string) {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  return {
    fault(error: unknown) {
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
