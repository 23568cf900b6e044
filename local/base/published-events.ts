// The events that EventBridge would send to our Lambdas, in AWS's shapes.
import { randomUUID } from 'node:crypto';

/** The account and region of local mode. */
export const account = '000000000000';
export const region = 'us-east-1';

/** An event in the envelope of EventBridge. */
export function event(source: string, detailType: string, resource: string, detail: object) {
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

/** The facts of an ended execution. Times are epoch milliseconds. */
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
