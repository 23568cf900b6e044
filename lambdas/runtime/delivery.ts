import { Metrics } from '@aws-lambda-powertools/metrics';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Deliverers } from '../delivery/deliver.ts';
import { createCommands } from '../services/commands.ts';
import { createNotices } from '../services/notices.ts';
import { systemClock } from './clock.ts';
import { locks, pendingCommands, registry } from './dynamodb.ts';
import { setting } from './environment.ts';
import { once } from './once.ts';
import { executions } from './step-functions.ts';

/** All it takes to send a job to a host and to end the command. */
export const delivery = once(
  (): Deliverers => ({
    clock: systemClock,
    commands: createCommands(new SSMClient({}), {
      name: setting('DOCUMENT_NAME'),
      version: setting('DOCUMENT_VERSION'),
      hash: setting('DOCUMENT_HASH'),
    }),
    executions: executions(),
    locks: locks(),
    notices: createNotices(new Metrics({ namespace: 'certferry', serviceName: 'certferry' })),
    pending: pendingCommands(),
    registry: registry(),
  }),
);
