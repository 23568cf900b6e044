import type { IAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IInstance } from 'aws-cdk-lib/aws-ec2';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IStringParameter } from 'aws-cdk-lib/aws-ssm';

/** An instance, or all instances of an Auto Scaling group. The stack tags them and lets them fetch the agent. */
export type TargetHostConstruct = IInstance | IAutoScalingGroup;

/** A secret, an exportable ACM certificate or a parameter. The stack lets its functions read it. */
export type SourceConstruct = ISecret | ICertificate | IStringParameter;
