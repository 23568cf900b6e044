import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** The topic for messages to operators. */
export interface NotificationTopic {
  /** Your own topic. Its policy must let `cloudwatch.amazonaws.com` publish. Default: a new topic. */
  readonly topic?: ITopic;
  /**
   * The key of an imported topic: set it with `Topic.fromTopicArn`, which does not know the key. Functions that publish
   * messages need permission to use it. Default: the key of the topic object.
   */
  readonly topicKey?: IKey;
  /** Mail addresses to subscribe. Each recipient must confirm the subscription. */
  readonly emails?: readonly string[];
}

/** The notification topic. Alarms publish to it, and so do rollouts and failed rollbacks. */
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
    // enforceSSL creates a topic policy, which replaces the default policy that lets alarms publish
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
