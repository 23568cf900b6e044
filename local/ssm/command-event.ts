import { account, event, region } from '../base/published-events.ts';
import type { CommandRecord } from './command-records.ts';
import { statusOf } from './shapes.ts';

/** The event "EC2 Command Invocation Status-change Notification": without output or exit code, as SSM sends it. */
export function commandEnded(record: CommandRecord) {
  return event(
    'aws.ssm',
    'EC2 Command Invocation Status-change Notification',
    `arn:aws:ec2:${region}:${account}:instance/${record.host}`,
    {
      'command-id': record.commandId,
      'document-name': record.documentName,
      'instance-id': record.host,
      'requested-date-time': new Date(record.requestedAt).toISOString(),
      status: statusOf(record),
    },
  );
}
