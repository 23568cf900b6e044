import { Match } from 'aws-cdk-lib/aws-events';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { EventRule } from './event-rule.ts';
import type { Functions } from './functions.ts';
import { documentName } from './names.ts';

/** Invocation statuses that are not the end; whatever else comes, the handler asks SSM. */
const underWay = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];

/**
 * What reaches the Lambdas without a state: a command that ended, and an execution that ended without recording its
 * outcome. Both events are best effort: the states' timeouts stand behind the first, taking over a lock whose owner has
 * ended behind the second.
 */
export class EventRules extends Construct {
  readonly undelivered: readonly Queue[];

  constructor(
    scope: Construct,
    id: string,
    props: { readonly functions: Functions; readonly machine: StateMachine },
  ) {
    super(scope, id);
    const commandEnded = new EventRule(this, 'CommandEnded', {
      description: 'certferry: a command on a host ended',
      // never the event of the whole command: that one carries the parameters
      pattern: {
        source: ['aws.ssm'],
        detailType: ['EC2 Command Invocation Status-change Notification'],
        detail: { 'document-name': [documentName], status: Match.anythingBut(...underWay) },
      },
      task: props.functions.get('command-status'),
    });
    const executionEnded = new EventRule(this, 'ExecutionEnded', {
      description: 'certferry: an execution ended badly; its lock may still be held',
      pattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [props.machine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      task: props.functions.get('release-lock'),
    });
    this.undelivered = [commandEnded.undelivered, executionEnded.undelivered];
  }
}
