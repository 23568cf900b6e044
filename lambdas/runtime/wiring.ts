/**
 * Every service but the sources, built on first use from the function's environment. Each is marked as pure, so that the
 * build leaves out what a function does not use, SDK clients included.
 */
import { isAbsolute } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../../core/clock.ts';
import { createExecutions } from '../../services/executions.ts';
import { createFleet } from '../../services/fleet/find-hosts.ts';
import { createHistory } from '../../services/history/history.ts';
import { createHostLocks } from '../../services/locks/host-locks.ts';
import { createPendingCommands } from '../../services/locks/pending-commands.ts';
import { createTargetLocks } from '../../services/locks/target-locks.ts';
import { createDeploymentMetrics } from '../../services/notify/deployment-metrics.ts';
import { createHostKeyWarnings } from '../../services/notify/host-key-warnings.ts';
import { createRolloutMetrics } from '../../services/notify/rollout-metrics.ts';
import { createMessages } from '../../services/notify/sns-messages.ts';
import { once } from '../../services/once.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { createCustomResourceService } from '../../services/registry/custom-resource.ts';
import { createDesiredVersions } from '../../services/registry/desired-versions.ts';
import { createHostKeys } from '../../services/registry/host-keys.ts';
import { createInstalledVersions } from '../../services/registry/installed-versions.ts';
import { createSweepCursors } from '../../services/registry/sweep-cursor.ts';
import { createRollouts } from '../../services/rollouts/rollout-store.ts';
import { createWaveFiles } from '../../services/rollouts/wave-files.ts';
import { createKeyFileSigner } from '../../services/signing/key-file-signer.ts';
import { createPublicKeys } from '../../services/signing/kms-public-keys.ts';
import { createKmsSigner } from '../../services/signing/kms-signer.ts';
import { createCommands } from '../../services/ssm/commands.ts';
import { createSendRate } from '../../services/ssm/send-rate.ts';
import type { DeliveryServices } from '../delivery/deliver.ts';
import { clientsFor, ownClients, ssmAt, throttled } from './clients.ts';
import { setting } from './environment.ts';

const documents = /* @__PURE__ */ once(() =>
  DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } }),
);

export const locks = /* @__PURE__ */ once(() => createTargetLocks(documents(), setting('LOCKS_TABLE')));
export const hostLocks = /* @__PURE__ */ once(() => createHostLocks(documents(), setting('LOCKS_TABLE')));
export const pendingCommands = /* @__PURE__ */ once(() =>
  createPendingCommands(documents(), setting('LOCKS_TABLE')),
);
export const sendRate = /* @__PURE__ */ once(() =>
  createSendRate(documents(), setting('LOCKS_TABLE'), {
    perSecond: setting('SEND_RATE'),
    burst: setting('SEND_BURST'),
    now: Date.now,
    sleep: setTimeout,
    random: Math.random,
  }),
);

export const hostKeys = /* @__PURE__ */ once(() => createHostKeys(documents(), setting('REGISTRY_TABLE')));
export const desiredVersions = /* @__PURE__ */ once(() =>
  createDesiredVersions(documents(), setting('REGISTRY_TABLE')),
);
export const catalogue = /* @__PURE__ */ once(() => createCatalogue(documents(), setting('REGISTRY_TABLE')));
export const installedVersions = /* @__PURE__ */ once(() =>
  createInstalledVersions(documents(), setting('REGISTRY_TABLE')),
);
export const rollouts = /* @__PURE__ */ once(() => createRollouts(documents(), setting('REGISTRY_TABLE')));
export const sweeps = /* @__PURE__ */ once(() => createSweepCursors(documents(), setting('REGISTRY_TABLE')));
export const history = /* @__PURE__ */ once(() =>
  createHistory(documents(), {
    deployments: setting('DEPLOYMENTS_TABLE'),
    locks: setting('LOCKS_TABLE'),
    registry: setting('REGISTRY_TABLE'),
    days: setting('HISTORY_DAYS'),
  }),
);

export const executions = /* @__PURE__ */ once(() => createExecutions(new SFNClient({})));

/** Hosts, in the stack's own account and in those that gave it a role. */
export const fleet = /* @__PURE__ */ once(() => createFleet({ ...ownClients(), clientsFor }));

/** The agent on hosts, through the stack's document. */
export const commands = /* @__PURE__ */ once(() =>
  createCommands(ssmAt, {
    name: setting('DOCUMENT_NAME'),
    version: setting('DOCUMENT_VERSION'),
    hash: setting('DOCUMENT_HASH'),
  }),
);

/** Probes from hosts, through the document that can only probe. */
export const probeCommands = /* @__PURE__ */ once(() =>
  createCommands(ssmAt, {
    name: setting('PROBE_DOCUMENT_NAME'),
    version: setting('DOCUMENT_VERSION'),
    hash: undefined,
  }),
);

const kms = /* @__PURE__ */ once(() => new KMSClient(throttled));

/** Signs jobs: with KMS in an account, with a file of the state folder in local mode. */
export const jobSigner = /* @__PURE__ */ once(() => {
  const key = setting('JOB_SIGNING_KEY');
  return isAbsolute(key) ? createKeyFileSigner(key) : createKmsSigner(kms, key);
});

export const publicKeys = /* @__PURE__ */ once(() => createPublicKeys(kms()));

/** The rollouts' files. A rollout halts when one cannot be read, so a slow S3 is retried. */
export const waveFiles = /* @__PURE__ */ once(() =>
  createWaveFiles(new S3Client(throttled), setting('WORK_BUCKET')),
);

/** The responses that CloudFormation expects from a custom resource. */
export const customResource = /* @__PURE__ */ once(() => createCustomResourceService(new S3Client({})));

/** All metrics of certferry share one namespace. */
export const metrics = /* @__PURE__ */ once(
  () => new Metrics({ namespace: 'certferry', serviceName: 'certferry' }),
);
export const deploymentMetrics = /* @__PURE__ */ once(() => createDeploymentMetrics(metrics()));
export const rolloutMetrics = /* @__PURE__ */ once(() => createRolloutMetrics(metrics()));

/** Notifications, through the stack's topic if it has one. */
export const messages = /* @__PURE__ */ once(() =>
  createMessages(new SNSClient({}), {
    topicArn: setting('NOTIFICATIONS_TOPIC'),
    backend: setting('COMMAND_OPTIONS'),
    targets: setting('COMMAND_TARGET_OPTIONS'),
    version: setting('COMMAND_VERSION_OPTIONS'),
  }),
);

/** Everything that sending a job to a host, and completing the state that waits for it, needs. */
export const delivery = /* @__PURE__ */ once(
  (): DeliveryServices => ({
    clock: systemClock,
    commands: commands(),
    executions: executions(),
    hostLocks: hostLocks(),
    locks: locks(),
    notices: createHostKeyWarnings(metrics(), messages()),
    onHostKeyChange: setting('ON_HOST_KEY_CHANGE'),
    sendRate: sendRate(),
    pending: pendingCommands(),
    hostKeys: hostKeys(),
  }),
);
