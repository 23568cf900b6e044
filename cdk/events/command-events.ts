import { type EventPattern, Match } from 'aws-cdk-lib/aws-events';
import { documentName } from '../common/names.ts';

/** Invocation statuses that are not the end; whatever else comes, the handler asks SSM. */
const underWay = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];

/** A job ended on a host. Never the event of the whole command: that one carries the parameters. */
export const commandEnded: EventPattern = {
  source: ['aws.ssm'],
  detailType: ['EC2 Command Invocation Status-change Notification'],
  detail: { 'document-name': [documentName], status: Match.anythingBut(...underWay) },
};
