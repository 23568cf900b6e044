import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** Where people are told. */
export interface NotificationTopic {
  /** A topic of your own, whose policy lets `cloudwatch.amazonaws.com` publish. Default: one is made. */
  readonly topic?: ITopic;
  /** Who gets mail. Each has to confirm the subscription once. */
  readonly emails?: readonly string[];
}

/** The topic for people: alarms publish to it, and rollouts that ask or end. */
export class Notifications extends Construct {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: NotificationTopic & { readonly key: IKey }) {
    super(scope, id);
    this.topic = props.topic ?? this.#create(props.key);
    for (const address of props.emails ?? []) this.topic.addSubscription(new EmailSubscription(address));
  }

  #create(masterKey: IKey): Topic {
    const topic = new Topic(this, 'Topic', { displayName: 'certferry', masterKey, enforceSSL: true });
    // refusing plain HTTP gives the topic a policy of its own, which takes the place of the one that lets alarms in
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    return topic;
  }
}
