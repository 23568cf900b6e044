// What this stand-in cannot show: rate limits, eventual consistency, delivery over a network (a command starts at
// once), concurrency limits of the agent, and a rejection by IAM.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { Host } from '../../core/targets/target.ts';
import { type JsonEndpoint, startJsonEndpoint } from '../http/json-endpoint.ts';
import { ServiceError } from '../http/service-error.ts';
import { type CommandRecord, type CommandRecords, openCommandRecords } from './command-records.ts';
import type { LocalDocument } from './document.ts';
import { cancel, runOnHost, settle } from './host.ts';
import { DescribeInstanceInformationInput, describeInstances } from './instances.ts';
import { command, invocation } from './shapes.ts';
import { runSimulated, type SimulatedHost } from './simulated.ts';

/** The name under which local mode knows the document. */
export const documentName = 'certferry';

/** The name of the document that can only probe. */
export const probeDocumentName = 'certferry-probe';

/** The name of the document for targets in a store. */
export const storeDocumentName = 'certferry-stores';

const documents = {
  [documentName]: { role: 'jobs', agent: 'agent' },
  [probeDocumentName]: { role: 'probe', agent: 'agent' },
  [storeDocumentName]: { role: 'jobs', agent: 'store-agent' },
} as const;

export interface SsmOptions {
  readonly document: LocalDocument;
  /** The public keys that may sign jobs. */
  readonly jobKeys: string;
  /** One folder a command. */
  readonly commands: string;
  /** One folder a host: its agent's home. */
  readonly hosts: string;
  /** Plays the hosts instead of this machine; for measurements. */
  readonly simulated?: SimulatedHost | undefined;
  readonly accessKeyId?: string | undefined;
  readonly socket?: string | undefined;
  /** Called when a command has ended, with its final record. */
  readonly onEnd: (record: CommandRecord) => void;
  readonly onFault: (error: unknown) => void;
}

/**
 * Serves SendCommand, GetCommandInvocation, ListCommands, CancelCommand and DescribeInstanceInformation; this machine is
 * every host.
 */
export async function startSsm(given: SsmOptions): Promise<JsonEndpoint> {
  const records = openCommandRecords(given.commands);
  let isOpen = true;
  // A command may outlive this endpoint. The next process reports its end, and its folder may be removed meanwhile.
  const options: SsmOptions = {
    ...given,
    onEnd: (record) => {
      if (isOpen) given.onEnd(record);
    },
    onFault: (error) => {
      if (isOpen) given.onFault(error);
    },
  };
  const server = await startJsonEndpoint({
    version: '1.1',
    target: 'AmazonSSM',
    accessKeyId: options.accessKeyId,
    socket: options.socket,
    onFault: options.onFault,
    operations: {
      SendCommand: async (input) => sendCommand(options, records, input),
      GetCommandInvocation: async (input) => getInvocation(options, records, input),
      ListCommands: async (input) => listCommands(records, input),
      DescribeInstanceInformation: async (input) =>
        describeInstances(parsed(DescribeInstanceInformationInput, input), options.hosts),
      CancelCommand: async (input) => {
        cancel(records, known(records, ById.parse(input).CommandId).commandId);
      },
    },
  });
  return {
    ...server,
    close() {
      isOpen = false;
      return server.close();
    },
  };
}

const ById = z.object({ CommandId: z.string() });

const SendCommandInput = z.object({
  DocumentName: z.string(),
  DocumentVersion: z._default(z.string(), '$DEFAULT'),
  InstanceIds: z.tuple([Host]),
  Parameters: z.strictObject({ Job: z.tuple([z.string()]) }),
  Comment: z._default(z.string(), ''),
});

function sendCommand(options: SsmOptions, records: CommandRecords, input: unknown) {
  const request = parsed(SendCommandInput, input);
  const { DocumentName } = request;
  if (!isDocument(DocumentName))
    throw new ServiceError('InvalidDocument', `there is no document ${DocumentName}`);
  checkJob(options.document, request.Parameters.Job[0]);
  const [host] = request.InstanceIds;
  const { document, jobKeys } = options;
  const home = join(options.hosts, host);
  const script = document.scriptFor({ home, jobKeys, ...documents[DocumentName] });
  const record: CommandRecord = {
    commandId: randomUUID(),
    host,
    documentName: DocumentName,
    documentVersion: request.DocumentVersion,
    parameters: request.Parameters,
    comment: request.Comment,
    requestedAt: Date.now(),
    timeoutSeconds: script.timeoutSeconds,
    startedAt: null,
    runner: null,
    end: null,
  };
  records.write(record);
  // the answer goes out first, as with SSM
  setImmediate(() => {
    const { simulated } = options;
    const ending =
      simulated === undefined
        ? runOnHost(records, record, script.text)
        : runSimulated(records, record, simulated);
    ending.then(options.onEnd).catch(options.onFault);
  });
  return { Command: command(record) };
}

const isDocument = (name: string): name is keyof typeof documents => Object.hasOwn(documents, name);

function checkJob({ job }: LocalDocument, text: string): void {
  if (!new RegExp(job.allowedPattern).test(text)) {
    throw new ServiceError('InvalidParameters', `Job does not match ${job.allowedPattern}`);
  }
  if (text.length > job.maxChars) {
    throw new ServiceError(
      'InvalidParameters',
      `Job has ${text.length} characters; at most ${job.maxChars} are allowed`,
    );
  }
}

const GetCommandInvocationInput = z.object({
  CommandId: z.string(),
  InstanceId: z.string(),
  PluginName: z.optional(z.string()),
});

function getInvocation({ document }: SsmOptions, records: CommandRecords, input: unknown) {
  const { CommandId, InstanceId, PluginName } = parsed(GetCommandInvocationInput, input);
  const record = known(records, CommandId);
  if (record.host !== InstanceId) throw notThere(CommandId);
  if (PluginName !== undefined && PluginName !== document.stepName) {
    throw new ServiceError('InvalidPluginName', `the document has no step named ${PluginName}`);
  }
  return invocation(settle(records, CommandId), records.folder(CommandId), document.stepName);
}

const ListCommandsInput = z.object({
  CommandId: z.optional(z.string()),
  InstanceId: z.optional(z.string()),
  MaxResults: z._default(z.int(), 50),
});

function listCommands(records: CommandRecords, input: unknown) {
  const { CommandId, InstanceId, MaxResults } = parsed(ListCommandsInput, input);
  const wanted = records
    .list()
    .filter(({ commandId }) => CommandId === undefined || commandId === CommandId)
    .filter(({ host }) => InstanceId === undefined || host === InstanceId)
    .slice(0, MaxResults);
  return { Commands: wanted.map(({ commandId }) => command(settle(records, commandId))) };
}

function known(records: CommandRecords, commandId: string): CommandRecord {
  const record = records.read(commandId);
  if (record === null) throw notThere(commandId);
  return record;
}

const notThere = (commandId: string) =>
  new ServiceError('InvocationDoesNotExist', `there is no command ${commandId} on that host`);

function parsed<Shape>(schema: z.ZodMiniType<Shape>, input: unknown): Shape {
  const result = z.safeParse(schema, input);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ServiceError('ValidationException', fields.join('; '));
}
