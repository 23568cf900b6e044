import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Clock } from '../../core/clock.ts';
import { CertferryError } from '../../core/errors.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import { refusedActions } from '../locks/transactions.ts';

/**
 * The records of an agent that runs in a function, for one target. Items of the table `registry`, with pk `agent#<targetId>`:
 *
 * | sk       | attributes |
 * | -------- | ---------- |
 * | `lease`  | runId, until (epoch milliseconds) |
 * | a name   | `text`: the record |
 *
 * One run at a time has the lease. It ends with the timeout of the function, which stops the run. Every write requires that the
 * lease is still that of the run: a run that was replaced writes nothing.
 */
export interface AgentRecords {
  /** Null if there is no record with this name. */
  read(name: string): Promise<string | null>;
  /** The records whose names start with this prefix. */
  readAll(prefix: string): Promise<readonly string[]>;
  /** @throws CertferryError HostBusy if another run has the lease. PlanInvalid if the record is too large */
  write(name: string, text: string): Promise<void>;
  /** @throws CertferryError HostBusy if another run has the lease */
  remove(name: string): Promise<void>;
  /** Whether a write was refused because another run has the lease: the result of this run then shows nothing. */
  isReplaced(): boolean;
  /** Ends the lease of this run. */
  release(): Promise<void>;
}

/** The records of all targets. */
export interface AgentHomes {
  /** Takes the lease of a target for a run. Null while another run has it. */
  take(targetId: string, runId: string): Promise<AgentRecords | null>;
  /** Reads one record without the lease. */
  read(targetId: string, name: string): Promise<string | null>;
  /** Ends the lease of a run whose process has ended. */
  release(targetId: string, runId: string): Promise<void>;
}

interface HomeAccess {
  readonly documents: DynamoDBDocumentClient;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** The table of registrations. */
  readonly table: string;
  readonly clock: Clock;
}

/** DynamoDB limits an item to 400 KB. The record has most of it. */
const maximumBytes = 380_000;

const lease = 'lease';
const keyOf = (targetId: string, name: string) => ({ pk: `agent#${targetId}`, sk: name });

/** Records of agents in the table of registrations. */
export function createAgentHomes(access: HomeAccess): AgentHomes {
  return {
    read: (targetId, name) => readRecord(access, targetId, name),
    release: (targetId, runId) => release(access, targetId, runId),
    async take(targetId, runId) {
      // most calls while another run has the lease end here: a write would conflict with those of that run
      if (await isLeased(access, targetId)) return null;
      const isTaken = await wrote(access, () => access.documents.send(takeLease(access, targetId, runId)));
      return isTaken ? recordsOf(access, targetId, runId) : null;
    },
  };
}

async function isLeased({ documents, table, clock }: HomeAccess, targetId: string): Promise<boolean> {
  const { Item } = await documents.send(
    new GetCommand({ TableName: table, Key: keyOf(targetId, lease), ConsistentRead: true }),
  );
  return Item?.runId !== undefined && Number(Item.until) >= clock.now().getTime();
}

function takeLease({ table, clock }: HomeAccess, targetId: string, runId: string): UpdateCommand {
  const now = clock.now().getTime();
  return new UpdateCommand({
    TableName: table,
    Key: keyOf(targetId, lease),
    ConditionExpression: 'attribute_not_exists(runId) OR #until < :now',
    UpdateExpression: 'SET runId = :run, #until = :until',
    ExpressionAttributeNames: { '#until': 'until' },
    ExpressionAttributeValues: {
      ':run': runId,
      ':now': now,
      ':until': now + timeBudgets.agentFunction * 1000,
    },
  });
}

function recordsOf(access: HomeAccess, targetId: string, runId: string): AgentRecords {
  let isReplaced = false;
  const change = async (action: object) => {
    isReplaced = isReplaced || !(await writeWithLease(access, { targetId, runId }, action));
    if (isReplaced) throw replaced(targetId);
  };
  const { table } = access;
  return {
    read: (name) => readRecord(access, targetId, name),
    readAll: (prefix) => readRecords(access, targetId, prefix),
    async write(name, text) {
      if (Buffer.byteLength(text) > maximumBytes) throw tooLarge(targetId, name);
      await change({ Put: { TableName: table, Item: { ...keyOf(targetId, name), text } } });
    },
    remove: (name) => change({ Delete: { TableName: table, Key: keyOf(targetId, name) } }),
    isReplaced: () => isReplaced,
    release: () => release(access, targetId, runId),
  };
}

interface LeaseHolder {
  readonly targetId: string;
  readonly runId: string;
}

/** Whether the lease is that of the run, so that the change was written. */
function writeWithLease(
  access: HomeAccess,
  { targetId, runId }: LeaseHolder,
  action: object,
): Promise<boolean> {
  const ConditionCheck = {
    TableName: access.table,
    Key: keyOf(targetId, lease),
    ConditionExpression: 'runId = :run',
    ExpressionAttributeValues: { ':run': runId },
  };
  const command = new TransactWriteCommand({ TransactItems: [{ ConditionCheck }, action] });
  return wrote(access, () => access.documents.send(command));
}

async function release(access: HomeAccess, targetId: string, runId: string): Promise<void> {
  await wrote(access, () => access.documents.send(releaseLease(access.table, targetId, runId)));
}

function releaseLease(table: string, targetId: string, runId: string): UpdateCommand {
  return new UpdateCommand({
    TableName: table,
    Key: keyOf(targetId, lease),
    ConditionExpression: 'runId = :run',
    UpdateExpression: 'REMOVE runId, #until',
    ExpressionAttributeNames: { '#until': 'until' },
    ExpressionAttributeValues: { ':run': runId },
  });
}

async function readRecord({ documents, table }: HomeAccess, targetId: string, name: string) {
  const { Item } = await documents.send(
    new GetCommand({ TableName: table, Key: keyOf(targetId, name), ConsistentRead: true }),
  );
  return Item === undefined ? null : String(Item.text);
}

async function readRecords({ documents, table }: HomeAccess, targetId: string, prefix: string) {
  const pages = paginateQuery(
    { client: documents },
    {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': keyOf(targetId, '').pk, ':prefix': prefix },
      ConsistentRead: true,
    },
  );
  const records: string[] = [];
  for await (const { Items = [] } of pages) records.push(...Items.map(({ text }) => String(text)));
  return records;
}

/** Milliseconds. A run that wants the lease may touch it in the moment of a write. */
const conflictPauses = [50, 200, 800, 2000] as const;

/** Whether a conditional write succeeded. A conflict with another write is retried; other failures are thrown. */
async function wrote({ sleep }: HomeAccess, write: () => Promise<unknown>): Promise<boolean> {
  for (const pause of [...conflictPauses, null]) {
    try {
      await write();
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException || refusedActions(error) !== null) return false;
      if (pause === null || !isConflict(error)) throw error;
      await sleep(pause);
    }
  }
  return false;
}

const isConflict = (error: unknown): boolean =>
  error instanceof TransactionCanceledException ||
  (error instanceof Error && error.name === 'TransactionConflictException');

function replaced(targetId: string): CertferryError {
  return new CertferryError(
    'HostBusy',
    `another run has taken over the records of target ${targetId}: this run writes nothing more`,
    { details: { targetId } },
  );
}

function tooLarge(targetId: string, name: string): CertferryError {
  return new CertferryError(
    'PlanInvalid',
    `the record ${name} of target ${targetId} is larger than ${maximumBytes} bytes, so nothing was changed. Reduce the objects that the target names.`,
    { details: { targetId, name } },
  );
}
