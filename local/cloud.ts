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
import { lambdaEnvironment } from './environment.ts';
import { commandEnded, region } from './events.ts';
import { type Lambdas, openLambdas } from './lambdas.ts';
import { type LocalSecrets, startSecretsManager } from './secrets-manager.ts';
import { type LocalDocument, readDocument } from './ssm/document.ts';
import { startSsm } from './ssm/start.ts';
import type { StateFolder } from './state-folder.ts';
import { readDeployTarget, type StateMachineDefinition } from './step-functions/definition.ts';
import { type Executions, openExecutions } from './step-functions/executions.ts';
import { startStepFunctions } from './step-functions/start.ts';

/** What is run; a test may bring its own. */
export interface CloudParts {
  readonly definition?: StateMachineDefinition;
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
  const log = createWriteStream(join(folder.logs, 'certferry.log'), { flags: 'a', mode: 0o600 });
  const onFault = (error: unknown) => {
    log.write(`${new Date().toISOString()} ${error instanceof Error ? error.stack : String(error)}\n`);
  };
  const access = { accessKeyId: folder.token, onFault };
  // the functions know their endpoints, and the endpoints call the functions
  let lambdas: Lambdas | null = null;
  const invoke = (name: string, payload: unknown) => {
    if (lambdas === null) throw new Error(`${name} was called before the functions were there`);
    return lambdas.invoke(name, payload);
  };
  const deliver = (name: string, event: object) => deliverEvent(() => invoke(name, event), onFault);
  const executions = openExecutions({
    definition: parts.definition ?? readDeployTarget(),
    folder: folder.executions,
    invoke,
    onEnded: (event) => deliver('release-lock', event),
  });
  const database = await connectDatabase(folder);
  await createTables(database.endpoint, folder.token);
  const secrets = await startSecretsManager(access);
  const stepFunctions = await startStepFunctions(executions, access);
  const ssm = await startSsm({
    ...access,
    document: parts.document ?? readDocument(),
    commands: folder.commands,
    hosts: folder.hosts,
    onEnd: (record) => void deliver('command-status', commandEnded(record)),
  });
  const functions = openLambdas({
    folder: parts.lambdas ?? join(dist, 'lambdas'),
    log: join(folder.logs, 'lambda.log'),
    environment: lambdaEnvironment(
      {
        dynamodb: database.endpoint,
        ssm: ssm.endpoint,
        stepFunctions: stepFunctions.endpoint,
        secretsManager: secrets.endpoint,
      },
      folder.token,
    ),
  });
  lambdas = functions;
  const client = documentClient(database.endpoint, folder.token);
  await executions.buryDead();
  return {
    documents: client,
    secrets,
    executions,
    async close() {
      await executions.close();
      await functions.close();
      client.destroy();
      await Promise.all([secrets, stepFunctions, ssm, database].map((server) => server.close()));
      log.end();
    },
  };
}

function documentClient(endpoint: string, accessKeyId: string): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey: 'unused' },
  });
  return DynamoDBDocumentClient.from(client);
}

/** EventBridge invokes a function up to three times for an event. */
const deliveryPauses = [200, 1000];

async function deliverEvent(
  invoke: () => Promise<unknown>,
  onFault: (error: unknown) => void,
): Promise<void> {
  for (const pause of [...deliveryPauses, null]) {
    try {
      await invoke();
      return;
    } catch (error) {
      onFault(error);
      if (pause !== null) await sleep(pause);
    }
  }
}
