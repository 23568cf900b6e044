import { Duration } from 'aws-cdk-lib';
import {
  type EventBus,
  type EventPattern,
  type IEventBus,
  Rule,
  type RuleProps,
  type Schedule,
} from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventInvokeConfig } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { TaskFunction } from '../functions/task-function.ts';
import { deadLetterQueueOf } from './dead-letter-queue.ts';

/** Events of a bus that match a pattern (by default of the default bus), or a schedule. */
type Origin = { readonly pattern: EventPattern; readonly bus?: EventBus } | { readonly schedule: Schedule };

/**
 * A function that events start, and its dead-letter queue. EventBridge retries the delivery, Lambda retries failed calls, and
 * the queue gets the events after the last retry.
 */
export class EventSource extends Construct {
  readonly undelivered: Queue;
  readonly #task: TaskFunction;

  constructor(scope: Construct, id: string, props: { readonly task: TaskFunction }) {
    super(scope, id);
    this.#task = props.task;
    this.undelivered = deadLetterQueueOf(this);
    new EventInvokeConfig(this, 'Retries', {
      function: this.#task.lambda,
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(this.undelivered),
    });
  }

  /** Adds a rule that starts the function. Each rule needs a unique name. */
  on(name: string, description: string, origin: Origin): this {
    new Rule(this, name, {
      description: `certferry: ${description}`,
      ...ruleOf(origin),
      targets: [
        new LambdaFunction(this.#task.lambda, {
          deadLetterQueue: this.undelivered,
          retryAttempts: 185,
          maxEventAge: Duration.hours(24),
        }),
      ],
    });
    return this;
  }
}

function ruleOf(origin: Origin): Pick<RuleProps, 'eventBus' | 'eventPattern' | 'schedule'> {
  if ('schedule' in origin) return origin;
  const { pattern: eventPattern, bus } = origin;
  // the CDK types do not support exact optional properties
  return bus === undefined ? { eventPattern } : { eventPattern, eventBus: bus as IEventBus };
}
