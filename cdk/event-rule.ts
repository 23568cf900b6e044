import { Duration, Validations } from 'aws-cdk-lib';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventInvokeConfig } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { TaskFunction } from './task-function.ts';

interface EventRuleProps {
  readonly description: string;
  readonly pattern: EventPattern;
  readonly task: TaskFunction;
}

/**
 * Events that start a Lambda, and a queue for those it never took: EventBridge retries the delivery, Lambda retries a
 * run that failed, and what both give up lands in the queue.
 */
export class EventRule extends Construct {
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: EventRuleProps) {
    super(scope, id);
    this.undelivered = this.#queue();
    new Rule(this, 'Resource', {
      description: props.description,
      eventPattern: props.pattern,
      targets: [
        new LambdaFunction(props.task.lambda, {
          deadLetterQueue: this.undelivered,
          retryAttempts: 185,
          maxEventAge: Duration.hours(24),
        }),
      ],
    });
    new EventInvokeConfig(this, 'Retries', {
      function: props.task.lambda,
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(this.undelivered),
    });
  }

  #queue(): Queue {
    const queue = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is a dead-letter queue itself, and an alarm watches it.',
    });
    return queue;
  }
}
