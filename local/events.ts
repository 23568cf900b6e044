// The events that EventBridge would carry to our Lambdas, in AWS's shapes.
import { randomUUID } from 'node:crypto';
import type { CommandRecord } from './ssm/command-records.ts';
import { statusOf } from './ssm/shapes.ts';

/** The account and region of everything local. */
export const account = '000000000000';
export const region = 'us-east-1';

function event(source: string, detailType: string, resource: string, detail: object) {
  return {
    version: '0',
    id: randomUUID(),
    source,
    'detail-type': detailType,
    account,
    time: new Date().toISOString(),
    region,
    resources: [resource],
    detail,
  };
}

/** "EC2 Command Invocation Status-change Notification": without output or exit code, as SSM sends it. */
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

/** What the event says of an execution. Times are epoch milliseconds. */
export interface EndedExecution {
  readonly arn: string;
  readonly name: string;
  readonly status: string;
  readonly startedAt: number;
  readonly stoppedAt: number;
  readonly input: unknown;
  readonly output: unknown;
}

/** "Step Functions Execution Status Change". */
export function executionEnded({ arn, name, status, startedAt, stoppedAt, input, output }: EndedExecution) {
  return event('aws.states', 'Step Functions Execution Status Change', arn, {
    executionArn: arn,
    stateMachineArn: stateMachineArn(arn),
    name,
    status,
    startDate: startedAt,
    stopDate: stoppedAt,
    input: JSON.stringify(input),
    inputDetails: { included: true },
    output: output === undefined || output === null ? null : JSON.stringify(output),
    outputDetails: output === undefined || output === null ? null : { included: true },
  });
}

function stateMachineArn(executionArn: string): string {
  return executionArn.replace(':execution:', ':stateMachine:').split(':').slice(0, -1).join(':');
}
