import { GetCommandInvocationCommand, SendCommandCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { CertferryError } from '../../core/errors.ts';
import { type HostLocation, placeOf } from '../../core/targets/host-location.ts';
import { findUnreachableReason } from './reachability.ts';

/** One job for one host, named as a target names it. `comment` is what a person sees in the console's list of commands. */
export interface HostCommand {
  readonly host: string;
  readonly job: string;
  readonly comment: string;
}

/** What SSM knows of a command on its host. `status` is SSM's status detail with the spaces taken out. */
export interface Invocation {
  readonly status: string;
  readonly output: string;
  readonly errors: string;
}

/** The document that runs the agent, pinned: `version` a number or `$DEFAULT`, `hash` SHA-256 of its content. */
export interface DocumentPin {
  readonly name: string;
  readonly version: string;
  readonly hash: string | undefined;
}

/**
 * Runs the agent on hosts, through SSM Run Command.
 *
 * `send` answers the command's id once SSM has accepted it. It throws CommandUndeliverable when SSM said for certain
 * that it will not run the command; any other error may mean that the command runs all the same: SendCommand has no
 * idempotency token, so only a caller that the host can tell apart may repeat it.
 *
 * `look` answers null while SSM does not know the invocation yet, which is normal straight after sending.
 *
 * `reach` throws CommandUndeliverable, naming what SSM knows of the host, when it is away, not registered, or has an SSM
 * Agent that cannot run the document.
 */
export interface Commands {
  send(command: HostCommand): Promise<string>;
  readInvocation(commandId: string, host: string): Promise<Invocation | null>;
  requireReachable(host: string): Promise<void>;
}

/** A host that does not fetch the command within this time will not run it. */
export const deliverySeconds = 120;

/** The document's Linux step. A document with two steps is asked for one of them. */
const step = 'linux';

/** Refusals after which SSM runs nothing (aws-facts: errors of SendCommand). Throttling is not one of them: it is retried. */
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

/** Commands through SSM, with the pinned document. `ssmAt` gives the client for a host's account and region. */
export function createCommands(ssmAt: (place: HostLocation) => SSMClient, document: DocumentPin): Commands {
  return {
    async send(command) {
      try {
        const place = placeOf(command.host);
        const { Command } = await ssmAt(place).send(sendCommand(document, command, place));
        return Command?.CommandId ?? refuse(command.host, 'SSM answered without a command id');
      } catch (error) {
        if (error instanceof Error && refusals.has(error.name)) {
          return refuse(command.host, `${error.name}: ${error.message}`, error);
        }
        throw error;
      }
    },
    async readInvocation(commandId, host) {
      const place = placeOf(host);
      const asked = { CommandId: commandId, InstanceId: place.instance, PluginName: step };
      try {
        const found = await ssmAt(place).send(new GetCommandInvocationCommand(asked));
        return {
          status: (found.StatusDetails || found.Status || '').replaceAll(' ', ''),
          output: found.StandardOutputContent ?? '',
          errors: found.StandardErrorContent ?? '',
        };
      } catch (error) {
        if (error instanceof Error && notThereYet.has(error.name)) return null;
        throw error;
      }
    },
    async requireReachable(host) {
      const place = placeOf(host);
      const why = await findUnreachableReason(ssmAt(place), place.instance);
      if (why !== null) refuse(host, why);
    },
  };
}

/** A step that never started is not there to be asked about either. */
const notThereYet = new Set(['InvocationDoesNotExist', 'InvalidPluginName']);

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
    TimeoutSeconds: deliverySeconds,
    Parameters: { Job: [job] },
    Comment: comment.slice(0, 100),
  });
}

function refuse(host: string, why: string, cause?: unknown): never {
  throw new CertferryError(
    'CommandUndeliverable',
    `SSM will not run the agent on ${host} (${why}); nothing was sent. Is the host running, registered with SSM and allowed to use the document?`,
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

/** Has the command ended, one way or another? Takes SSM's spelling with and without spaces. */
export function hasEnded(status: string): boolean {
  return terminalStatuses.has(status.replaceAll(' ', ''));
}
