import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createCatalogue } from '../services/catalogue.ts';
import { createHistory } from '../services/history.ts';
import { createHostLocks } from '../services/host-locks.ts';
import { createInstalledVersions } from '../services/installed.ts';
import { createLocks } from '../services/locks.ts';
import { createPacing } from '../services/pacing.ts';
import { createPendingCommands } from '../services/pending-commands.ts';
import { createRegistry } from '../services/registry.ts';
import { createRollouts } from '../services/rollouts.ts';
import { createSweeps } from '../services/sweeps.ts';
import { setting } from './environment.ts';
import { once } from './once.ts';

const documents = once(() =>
  DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } }),
);

/** The services that live in DynamoDB, each with the table it is told about. */
export const locks = once(() => createLocks(documents(), setting('LOCKS_TABLE')));
export const hostLocks = once(() => createHostLocks(documents(), setting('LOCKS_TABLE')));
export const pendingCommands = once(() => createPendingCommands(documents(), setting('LOCKS_TABLE')));
export const registry = once(() => createRegistry(documents(), setting('REGISTRY_TABLE')));
export const catalogue = once(() => createCatalogue(documents(), setting('REGISTRY_TABLE')));
export const installedVersions = once(() => createInstalledVersions(documents(), setting('REGISTRY_TABLE')));
export const rollouts = once(() => createRollouts(documents(), setting('REGISTRY_TABLE')));
export const sweeps = once(() => createSweeps(documents(), setting('REGISTRY_TABLE')));
export const history = once(() =>
  createHistory(documents(), {
    deployments: setting('DEPLOYMENTS_TABLE'),
    locks: setting('LOCKS_TABLE'),
    registry: setting('REGISTRY_TABLE'),
    days: setting('HISTORY_DAYS'),
  }),
);
export const pacing = once(() =>
  createPacing(documents(), setting('LOCKS_TABLE'), {
    perSecond: setting('SEND_RATE'),
    burst: setting('SEND_BURST'),
    now: Date.now,
    sleep: setTimeout,
    random: Math.random,
  }),
);
