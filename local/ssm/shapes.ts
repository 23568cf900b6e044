import { readCommandOutput } from './command-output.ts';
import type { CommandRecord, CommandStatus } from './command-records.ts';

const details: Readonly<Record<CommandStatus, string>> = {
  Pending: 'Pending',
  InProgress: 'InProgress',
  Success: 'Success',
  Failed: 'Failed',
  TimedOut: 'Execution Timed Out',
  Cancelled: 'Cancelled',
};

export function statusOf(record: CommandRecord): CommandStatus {
  if (record.end !== null) return record.end.status;
  return record.startedAt === null ? 'Pending' : 'InProgress';
}

/** A `Command` of SSM's API. Its dates are epoch seconds on the wire. */
export function command(record: CommandRecord) {
  const status = statusOf(record);
  return {
    CommandId: record.commandId,
    DocumentName: record.documentName,
    DocumentVersion: record.documentVersion,
    Comment: record.comment,
    Parameters: record.parameters,
    InstanceIds: [record.host],
    RequestedDateTime: record.requestedAt / 1000,
    Status: status,
    StatusDetails: details[status],
    TargetCount: 1,
    CompletedCount: record.end === null ? 0 : 1,
    ErrorCount: record.end === null || status === 'Success' ? 0 : 1,
  };
}

/** The result of GetCommandInvocation. ResponseCode is -1 until the script has ended. */
export function invocation(record: CommandRecord, folder: string, stepName: string) {
  const status = statusOf(record);
  const { output, errors } = readCommandOutput(record, folder);
  const at = (time: number | null | undefined) => (time == null ? '' : new Date(time).toISOString());
  return {
    CommandId: record.commandId,
    InstanceId: record.host,
    Comment: record.comment,
    DocumentName: record.documentName,
    DocumentVersion: record.documentVersion,
    PluginName: stepName,
    ResponseCode: record.end?.responseCode ?? -1,
    ExecutionStartDateTime: at(record.startedAt),
    ExecutionEndDateTime: at(record.end?.at),
    Status: status,
    StatusDetails: details[status],
    StandardOutputContent: output,
    StandardErrorContent: errors,
  };
}
