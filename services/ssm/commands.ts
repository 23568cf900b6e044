import { GetCommandInvocationCommand, SendCommandCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { CertferryError } from '../../core/errors.ts';
import { type HostLocation, hostLocationOf } from '../../core/targets/host-location.ts';
import { timeBudgets } from '../../core/time-budgets.ts';
import { findUnreachableReason } from './reachability.ts';

/** The agent that runs a job on a host: the one for files, or the one for certificates in a store. */
export type Agent = 'files' | 'stores';

/** One job for one host. `comment` is shown in the list of commands in the console. */
export interface HostCommand {
  readonly host: string;
  readonly job: string;
  readonly comment: string;
  /** Default: `files`. */
  readonly agent?: Agent | undefined;
}

/**
 * A command invocation as SSM reports it. `status` is the status detail of SSM without spaces. `exitCode` is that of the script;
 * -1 if it did not run, and null or absent if it is unknown. `output` and `errors` are the start of what the script printed.
 */
export interface Invocation {
  readonly status: string;
  readonly exitCode?: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A document that runs an agent, pinned. `version`: a number or `$DEFAULT`; `hash`: SHA-256 of its content. */
export interface DocumentPin {
  readonly name: string;
  readonly version: string;
  readonly hash: string | undefined;
}

/**
 * Runs the agent on hosts with SSM Run Command.
 *
 * `send` returns the id of the command when SSM has accepted it. It throws CommandUndeliverable if SSM will certainly not run
 * the command. After any other error the command may still run. SendCommand has no idempotency token, so only repeat it if
 * the host recognises the repetition.
 *
 * `readInvocation` returns null while SSM does not report the invocation yet, which is normal directly after sending.
 *
 * `requireReachable` throws CommandUndeliverable, with the reason, if the host is offline, is not registered, or has an SSM
 * Agent that cannot run the document.
 */
export interface Commands {
  send(command: HostCommand): Promise<string>;
  readInvocation(commandId: string, host: string): Promise<Invocation | null>;
  requireReachable(host: string): Promise<void>;
}

/** The Linux step of the document. For a document with two steps, SSM needs the name of one. */
const step = 'linux';

/** After these errors SSM runs nothing (aws-facts: errors of SendCommand). Throttling is not included: it is retried. */
const refusals = new Set([
  'InvalidInstanceId',
  'InvalidDocument',
  'InvalidDocumentVersion',
  'InvalidParameters',
  'UnsupportedPlatformType',
  'MaxDocumentSizeExceeded',
  'DuplicateInstanceId',
  'AccessDeniedException',
]);

/**
 * Commands through SSM, with the pinned document of their agent. `ssmAt` returns the client for a host's account and region.
 * Without `storeDocument`, no job is for the agent for stores.
 */
export function createCommands(
  ssmAt: (place: HostLocation) => SSMClient,
  document: DocumentPin,
  storeDocument: DocumentPin = document,
): Commands {
  return {
    async send(command) {
      try {
        const place = hostLocationOf(command.host);
        const { Command } = await ssmAt(place).send(
          sendCommand(command.agent === 'stores' ? storeDocument : document, command, place),
        );
        return Command?.CommandId ?? throwUndeliverable(command.host, 'SSM returned no command id');
      } catch (error) {
        if (error instanceof Error && refusals.has(error.name)) {
          return throwUndeliverable(command.host, `${error.name}: ${error.message}`, error);
        }
        throw error;
      }
    },
    async readInvocation(commandId, host) {
      const place = hostLocationOf(host);
      const request = { CommandId: commandId, InstanceId: place.instance, PluginName: step };
      try {
        const found = await ssmAt(place).send(new GetCommandInvocationCommand(request));
        return {
          status: (found.StatusDetails || found.Status || '').replaceAll(' ', ''),
          exitCode: found.ResponseCode ?? null,
          output: found.StandardOutputContent ?? '',
          errors: found.StandardErrorContent ?? '',
        };
      } catch (error) {
        if (error instanceof Error && notReportedYet.has(error.name)) return null;
        throw error;
      }
    },
    async requireReachable(host) {
      const place = hostLocationOf(host);
      const why = await findUnreachableReason(ssmAt(place), place.instance);
      if (why !== null) throwUndeliverable(host, why);
    },
  };
}

/** SSM reports these errors while the invocation, or its step, has not started. */
const notReportedYet = new Set(['InvocationDoesNotExist', 'InvalidPluginName']);

function sendCommand(
  document: DocumentPin,
  { job, comment }: HostCommand,
  { instance }: HostLocation,
): SendCommandCommand {
  return new SendCommandCommand({
    DocumentName: document.name,
    DocumentVersion: document.version,
    ...(document.hash !== undefined && { DocumentHash: document.hash, DocumentHashType: 'Sha256' as const }),
    InstanceIds: [instance],
    TimeoutSeconds: timeBudgets.queue,
    Parameters: { Job: [job] },
    Comment: comment.slice(0, 100),
  });
}

function throwUndeliverable(host: string, why: string, cause?: unknown): never {
  throw new CertferryError(
    'CommandUndeliverable',
    `SSM cannot run the agent on ${host} (${why}). Nothing was sent. Check that the host runs, is registered with SSM and may use the document.`,
    { details: { host }, cause },
  );
}

const terminalStatuses = new Set([
  'Success',
  'Failed',
  'Cancelled',
  'TimedOut',
  'DeliveryTimedOut',
  'ExecutionTimedOut',
  'Undeliverable',
  'Terminated',
  'InvalidPlatform',
  'AccessDenied',
]);

/** Whether a command has ended. Accepts SSM's spelling with and without spaces. */
export function hasEnded(status: string): boolean {
  return terminalStatuses.has(status.replaceAll(' ', ''));
}
