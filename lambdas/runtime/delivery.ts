import type { Deliverers } from '../delivery/deliver.ts';
import { createCommands } from '../services/commands.ts';
import { createNotices } from '../services/notices.ts';
import { systemClock } from './clock.ts';
import { hostLocks, locks, pacing, pendingCommands, registry } from './dynamodb.ts';
import { setting } from './environment.ts';
import { metrics } from './metrics.ts';
import { once } from './once.ts';
import { ssmAt } from './ssm.ts';
import { executions } from './step-functions.ts';

/** All it takes to send a job to a host and to end the command. */
export const delivery = once(
  (): Deliverers => ({
    clock: systemClock,
    commands: createCommands(ssmAt, {
      name: setting('DOCUMENT_NAME'),
      version: setting('DOCUMENT_VERSION'),
      hash: setting('DOCUMENT_HASH'),
    }),
    executions: executions(),
    hostLocks: hostLocks(),
    locks: locks(),
    notices: createNotices(metrics()),
    pacing: pacing(),
    pending: pendingCommands(),
    registry: registry(),
  }),
);
