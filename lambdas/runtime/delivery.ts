import type { Deliverers } from '../delivery/deliver.ts';
import { createNotices } from '../services/notices.ts';
import { systemClock } from './clock.ts';
import { commands } from './commands.ts';
import { hostLocks, locks, pacing, pendingCommands, registry } from './dynamodb.ts';
import { metrics } from './metrics.ts';
import { once } from './once.ts';
import { executions } from './step-functions.ts';

/** All it takes to send a job to a host and to end the command. */
export const delivery = once(
  (): Deliverers => ({
    clock: systemClock,
    commands: commands(),
    executions: executions(),
    hostLocks: hostLocks(),
    locks: locks(),
    notices: createNotices(metrics()),
    pacing: pacing(),
    pending: pendingCommands(),
    registry: registry(),
  }),
);
