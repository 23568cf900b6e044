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

const documents = /* @__PURE__ */ once(() =>
  DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } }),
);

/**
 * The services that live in DynamoDB, each with the table it is told about. Marked as pure, so that a function's bundle leaves
 * out the services that it does not use: 20 KiB of most of them.
 */
export const locks = /* @__PURE__ */ once(() => createLocks(documents(), setting('LOCKS_TABLE')));
export const hostLocks = /* @__PURE__ */ once(() => createHostLocks(documents(), setting('LOCKS_TABLE')));
export const pendingCommands = /* @__PURE__ */ once(() =>
  createPendingCommands(documents(), setting('LOCKS_TABLE')),
);
export const registry = /* @__PURE__ */ once(() => createRegistry(documents(), setting('REGISTRY_TABLE')));
export const catalogue = /* @__PURE__ */ once(() => createCatalogue(documents(), setting('REGISTRY_TABLE')));
export const installedVersions = /* @__PURE__ */ once(() =>
  createInstalledVersions(documents(), setting('REGISTRY_TABLE')),
);
export const rollouts = /* @__PURE__ */ once(() => createRollouts(documents(), setting('REGISTRY_TABLE')));
export const sweeps = /* @__PURE__ */ once(() => createSweeps(documents(), setting('REGISTRY_TABLE')));
export const history = /* @__PURE__ */ once(() =>
  createHistory(documents(), {
    deployments: setting('DEPLOYMENTS_TABLE'),
    locks: setting('LOCKS_TABLE'),
    registry: setting('REGISTRY_TABLE'),
    days: setting('HISTORY_DAYS'),
  }),
);
export const pacing = /* @__PURE__ */ once(() =>
  createPacing(documents(), setting('LOCKS_TABLE'), {
    perSecond: setting('SEND_RATE'),
    burst: setting('SEND_BURST'),
    now: Date.now,
    sleep: setTimeout,
    random: Math.random,
  }),
);
