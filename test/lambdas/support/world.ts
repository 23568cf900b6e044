import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { makeHostKey, publicHostKey } from '../../../core/seal/host-key.ts';
import { createTables, tableNames } from '../../../local/dynamodb/create-tables.ts';
import { startDynamoDb } from '../../../local/dynamodb/start.ts';
import { createHistory } from '../../../services/history/history.ts';
import { createHostLocks } from '../../../services/locks/host-locks.ts';
import { createLocks } from '../../../services/locks/locks.ts';
import { createPendingCommands } from '../../../services/locks/pending-commands.ts';
import type { DeploymentMetrics } from '../../../services/notify/deployment-metrics.ts';
import type { Message } from '../../../services/notify/messages.ts';
import type { HostKeyChange } from '../../../services/notify/notices.ts';
import { createRegistry } from '../../../services/registry/registry.ts';
import { createRollouts, type Rollouts } from '../../../services/rollouts/rollouts.ts';
import { fakeCommands } from '../../fakes/commands.ts';
import { fakeExecutions } from '../../fakes/executions.ts';
import { fakePacing } from '../../fakes/pacing.ts';
import { commandLine } from '../../fakes/rollout-services.ts';
import { settableClock } from '../../fakes/settable-clock.ts';

export { tableNames };

/** An embedded DynamoDB with the tables of the stack, and a client for it. */
export async function startTables() {
  const { endpoint, close } = await startDynamoDb();
  await createTables(endpoint);
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'unused' },
  });
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  return {
    documents,
    endpoint,
    async close() {
      client.destroy();
      await close();
    },
  };
}

/** Every service a task may need: DynamoDB over its protocol, SSM and Step Functions as fakes. */
export function aWorld(documents: DynamoDBDocumentClient) {
  const changes: HostKeyChange[] = [];
  const told: Message[] = [];
  const waits: number[] = [];
  const ended: Parameters<DeploymentMetrics['ended']>[0][] = [];
  return {
    clock: settableClock(),
    commands: fakeCommands(),
    executions: fakeExecutions(),
    history: createHistory(documents, tableNames),
    hostLocks: createHostLocks(documents, tableNames.locks),
    locks: createLocks(documents, tableNames.locks),
    notices: { hostKeyChanged: (change: HostKeyChange) => void changes.push(change) },
    changes,
    messages: { tell: async (message: Message) => void told.push(message), commandLine },
    told,
    metrics: {
      waits: (milliseconds: number) => void waits.push(milliseconds),
      ended: (item: (typeof ended)[number]) => void ended.push(item),
    },
    waits,
    ended,
    pacing: fakePacing(),
    pending: createPendingCommands(documents, tableNames.locks),
    registry: createRegistry(documents, tableNames.registry),
    rollouts: createRollouts(documents, tableNames.registry),
  };
}
export type World = ReturnType<typeof aWorld>;

export type Tables = Awaited<ReturnType<typeof startTables>>;

/** Tables for a file of tests, and for each of its tests a world of its own, which `take` is given. */
export function useWorld(take: (world: World, tables: Tables) => void): void {
  let tables: Tables;
  beforeAll(async () => {
    tables = await startTables();
  });
  beforeEach(() => take(aWorld(tables.documents), tables));
  afterAll(() => tables.close());
}

/** Tables for a file of tests whose tests share them, and the rollouts in them. */
export function useRollouts(take: (rollouts: Rollouts, tables: Tables) => void): void {
  let tables: Tables;
  beforeAll(async () => {
    tables = await startTables();
    take(createRollouts(tables.documents, tableNames.registry), tables);
  });
  afterAll(() => tables.close());
}

/** A host's public key, made now. */
export async function aHostKey() {
  return publicHostKey(await makeHostKey());
}
