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
import { undeliveredQueue } from './dead-letter-queue.ts';

/** Which events: those on a bus that have a pattern (the default bus, unless one is named), or the clock's. */
type Origin = { readonly pattern: EventPattern; readonly bus?: EventBus } | { readonly schedule: Schedule };

/**
 * A Lambda that events start, and a queue for those it never took: EventBridge retries the delivery, Lambda retries a
 * run that failed, and what both give up lands in the queue.
 */
export class EventSource extends Construct {
  readonly undelivered: Queue;
  readonly #task: TaskFunction;

  constructor(scope: Construct, id: string, props: { readonly task: TaskFunction }) {
    super(scope, id);
    this.#task = props.task;
    this.undelivered = undeliveredQueue(this);
    new EventInvokeConfig(this, 'Retries', {
      function: this.#task.lambda,
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(this.undelivered),
    });
  }

  /** Has these events start the Lambda, each rule under a name of its own. */
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
  // the types of the library are not written for exact optional properties
  return bus === undefined ? { eventPattern } : { eventPattern, eventBus: bus as IEventBus };
}
