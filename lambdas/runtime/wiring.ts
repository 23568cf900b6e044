/**
 * Every service but the sources, built on first use from the function's environment. Each is marked as pure, so that the
 * build leaves out what a function does not use, SDK clients included.
 */
import { isAbsolute } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../../core/clock.ts';
import { createAgentHomes } from '../../services/agent-home/agent-records.ts';
import { createAgentRuns } from '../../services/agent-runs/agent-runs.ts';
import { commandsByHost } from '../../services/agent-runs/commands-by-host.ts';
import { createFunctionCommands } from '../../services/agent-runs/function-commands.ts';
import { createCredentials } from '../../services/credentials/credentials.ts';
import { createExecutions } from '../../services/executions.ts';
import { createFleet } from '../../services/fleet/find-hosts.ts';
import { createStartedInstances } from '../../services/fleet/started-instances.ts';
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
import { type Commands, createCommands } from '../../services/ssm/commands.ts';
import { createSendRate } from '../../services/ssm/send-rate.ts';
import { createDefaultVersions } from '../../services/stack/default-versions.ts';
import { createStackStatus } from '../../services/stack/stack-status.ts';
import { createTableProtection } from '../../services/stack/table-protection.ts';
import type { ResultServices } from '../delivery/complete-command.ts';
import type { DeliveryServices } from '../delivery/deliver.ts';
import { clientsFor, ownClients, ssmAt, throttled } from './clients.ts';
import { setting } from './environment.ts';

/** The client of the tables. */
export const documents = /* @__PURE__ */ once(() =>
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
export const startedInstances = /* @__PURE__ */ once(() =>
  createStartedInstances(({ account, region }) =>
    account === null || region === null ? ownClients().ec2 : clientsFor(account, region).ec2,
  ),
);

export const fleet = /* @__PURE__ */ once(() => createFleet({ ...ownClients(), clientsFor }));

/** The agent in a function of the stack. Functions that send no jobs never build it. */
const functionCommands = /* @__PURE__ */ once(() =>
  createFunctionCommands({
    documents: documents(),
    table: setting('LOCKS_TABLE'),
    lambda: new LambdaClient(throttled),
    functionName: setting('RUN_AGENT_FUNCTION'),
    clock: systemClock,
  }),
);

/** The agents on hosts, through the stack's documents, and the agent in a function. */
export const commands = /* @__PURE__ */ once(() =>
  commandsByHost({ hosts: hostCommands(), functions: functionCommands }),
);

function hostCommands(): Commands {
  const version = setting('DOCUMENT_VERSION');
  const storeDocument = setting('STORE_DOCUMENT_NAME');
  return createCommands(
    ssmAt,
    { name: setting('DOCUMENT_NAME'), version, hash: setting('DOCUMENT_HASH') },
    storeDocument === undefined ? undefined : { name: storeDocument, version, hash: undefined },
  );
}

/** Probes from hosts, through the document that can only probe. */
export const hostProbes = /* @__PURE__ */ once(() =>
  createCommands(ssmAt, {
    name: setting('PROBE_DOCUMENT_NAME'),
    version: setting('DOCUMENT_VERSION'),
    hash: undefined,
  }),
);

/** Probes from hosts and from a function. */
export const probeCommands = /* @__PURE__ */ once(() =>
  commandsByHost({ hosts: hostProbes(), functions: functionCommands }),
);

/** The credentials of targets. */
export const credentials = /* @__PURE__ */ once(() =>
  createCredentials({
    secrets: new SecretsManagerClient({}),
    ssm: new SSMClient({}),
    files: setting('CREDENTIAL_FILES'),
    timer: { sleep: setTimeout, random: Math.random },
  }),
);

/** The runs of the agent in a function, and its records. */
export const agentRuns = /* @__PURE__ */ once(() =>
  createAgentRuns({ documents: documents(), clock: systemClock }, setting('LOCKS_TABLE')),
);
export const agentHomes = /* @__PURE__ */ once(() =>
  createAgentHomes({
    documents: documents(),
    table: setting('REGISTRY_TABLE'),
    clock: systemClock,
    sleep: setTimeout,
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

/** What completes a deployment of the stack. */
export const defaultVersions = /* @__PURE__ */ once(() => createDefaultVersions(new SSMClient(throttled)));
export const tableProtection = /* @__PURE__ */ once(() => createTableProtection(new DynamoDBClient({})));
export const stackStatus = /* @__PURE__ */ once(() => createStackStatus(new CloudFormationClient(throttled)));

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

/** Everything that completing a state with the result of its command needs. */
export const results = /* @__PURE__ */ once(
  (): Omit<ResultServices, 'whereabouts'> => ({
    clock: systemClock,
    executions: executions(),
    locks: locks(),
    notices: createHostKeyWarnings(metrics(), messages()),
    onHostKeyChange: setting('ON_HOST_KEY_CHANGE'),
    pending: pendingCommands(),
    hostKeys: hostKeys(),
  }),
);

/** Everything that sending a job to a host, and completing the state that waits for it, needs. */
export const delivery = /* @__PURE__ */ once(
  (): DeliveryServices => ({
    ...results(),
    commands: commands(),
    hostLocks: hostLocks(),
    sendRate: sendRate(),
    whereabouts: async (target) => (await import('./whereabouts.ts')).targetWhereabouts()(target),
  }),
);
