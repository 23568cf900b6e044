import type { EventPattern } from 'aws-cdk-lib/aws-events';

/** Events that announce a new version of a certificate, or a new instance. */
interface Trigger {
  readonly description: string;
  readonly pattern: EventPattern;
  /** On our own bus, not on the account's. */
  readonly ownBus?: boolean;
}

export const triggers: Readonly<Record<string, Trigger>> = {
  Acm: {
    description: 'a certificate was issued, renewed or imported again',
    pattern: { source: ['aws.acm'], detailType: ['ACM Certificate Available'] },
  },
  Secret: {
    description: 'a secret has a new current version',
    pattern: { source: ['aws.secretsmanager'], detailType: ['Secret Label Updated'], detail: { labelUpdated: ['AWSCURRENT'] } },
  },
  Parameter: {
    description: 'a parameter has a new version',
    pattern: { source: ['aws.ssm'], detailType: ['Parameter Store Change'], detail: { operation: ['Create', 'Update'] } },
  },
  Object: {
    description: 'an object was written',
    pattern: { source: ['aws.s3'], detailType: ['Object Created'] },
  },
  Instance: {
    description: 'an Auto Scaling group has a new instance',
    pattern: { source: ['aws.autoscaling'], detailType: ['EC2 Instance Launch Successful'] },
  },
  Asked: {
    description: 'somebody announces a version',
    pattern: { source: ['certferry'] },
    ownBus: true,
  },
};
