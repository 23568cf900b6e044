import { type EventPattern, Match } from 'aws-cdk-lib/aws-events';
import { documentName, probeDocumentName } from '../common/names.ts';

/** Statuses of a running invocation. For every other status, the handler reads the result from SSM. */
const runningStatuses = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];

/** A job ended on a host. Matches invocation events only, because command events contain the parameters. */
export const commandEnded: EventPattern = {
  source: ['aws.ssm'],
  detailType: ['EC2 Command Invocation Status-change Notification'],
  detail: {
    'document-name': [documentName, probeDocumentName],
    status: Match.anythingBut(...runningStatuses),
  },
};
