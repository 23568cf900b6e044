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
  /**
   * The key that a topic from elsewhere is encrypted with (`Topic.fromTopicArn` does not know it): the functions that tell
   * people have to use it. Default: the key that the topic knows.
   */
  readonly topicKey?: IKey;
  /** Who gets mail. Each has to confirm the subscription once. */
  readonly emails?: readonly string[];
}

/** The topic for people: alarms publish to it, and rollouts that ask or end. */
export class Notifications extends Construct {
  readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: NotificationTopic & { readonly key: IKey }) {
    super(scope, id);
    this.topic =
      props.topic === undefined ? this.#create(props.key) : this.#withKey(props.topic, props.topicKey);
    for (const address of props.emails ?? []) this.topic.addSubscription(new EmailSubscription(address));
  }

  #withKey(topic: ITopic, key: IKey | undefined): ITopic {
    if (key === undefined) return topic;
    return Topic.fromTopicAttributes(this, 'Given', { topicArn: topic.topicArn, keyArn: key.keyArn });
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
