// The services of the functions. Those on DynamoDB and S3 are the real ones.

import { CertferryError } from '../../../core/errors.ts';
import { readJob } from '../../../core/seal/job-text.ts';
import type { HostSelector } from '../../../core/targets/registered.ts';
import { endpointParts } from '../../../core/targets/verify.ts';
import type { inspectEndpoint } from '../../../core/tls-probe/inspect-endpoint.ts';
import type { probe } from '../../../core/tls-probe/probe.ts';
import { noEarlier } from '../../../lambdas/delivery/earlier-bundles.ts';
import { tableNames } from '../../../local/dynamodb/stack-tables.ts';
import { createHistory } from '../../../services/history/history.ts';
import { createHostLocks } from '../../../services/locks/host-locks.ts';
import { createPendingCommands } from '../../../services/locks/pending-commands.ts';
import { createTargetLocks } from '../../../services/locks/target-locks.ts';
import { createCatalogue } from '../../../services/registry/catalogue.ts';
import { createDesiredVersions } from '../../../services/registry/desired-versions.ts';
import { createHostKeys } from '../../../services/registry/host-keys.ts';
import { createInstalledVersions } from '../../../services/registry/installed-versions.ts';
import { createSweepCursors } from '../../../services/registry/sweep-cursor.ts';
import { createRollouts } from '../../../services/rollouts/rollout-store.ts';
import { createWaveFiles } from '../../../services/rollouts/wave-files.ts';
import { fakeCredentials } from '../../fakes/credentials.ts';
import { testKey, withoutSignature } from '../../fixtures/signed-jobs.ts';
import type { Json } from './graph.ts';
import type { Invocation } from './invocation.ts';
import type { ModelJob } from './model-hosts.ts';
import { source, type Versions } from './versions.ts';
import type { World } from './world.ts';

const neverUp = new AbortController().signal;

export function servicesFor(invocation: Invocation) {
  const { world, documents } = invocation;
  return {
    catalogue: createCatalogue(documents, tableNames.registry),
    history: createHistory(documents, tableNames),
    hostLocks: createHostLocks(documents, tableNames.locks),
    installed: createInstalledVersions(documents, tableNames.registry),
    locks: createTargetLocks(documents, tableNames.locks),
    pending: createPendingCommands(documents, tableNames.locks),
    desiredVersions: createDesiredVersions(documents, tableNames.registry),
    hostKeys: createHostKeys(documents, tableNames.registry),
    rollouts: createRollouts(documents, tableNames.registry),
    sweeps: createSweepCursors(documents, tableNames.registry),
    files: createWaveFiles(invocation.s3, 'work'),
    clock: world.clock,
    commands: commandsFor(invocation),
    executions: executionsFor(invocation),
    fleet: {
      async resolve(selector: HostSelector) {
        const host = String(selector);
        return [{ host, address: null, online: !world.offline.has(host) }];
      },
    },
    sources: sourcesOf(world),
    messages: { send: async () => undefined, commandLine: (words: unknown) => String(words) } as never,
    metrics: { ended: () => undefined, waits: () => undefined },
    whereabouts: async () => ({ type: 'present' as const }),
    notices: { hostKeyChanged: async () => undefined },
    onHostKeyChange: 'notify' as const,
    signer: testKey.signer,
    credentials: fakeCredentials(),
    earlier: async () => noEarlier,
    sendRate: { waitForSlot: async () => undefined },
    sweepMetrics: { publish: () => undefined },
    rolloutArn: () => 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout',
    secret: () => Buffer.from('a secret of 32 bytes: not checked'),
    approvalUrl: undefined,
    random: () => 0.5,
    newPlan: () => `plan-${world.number()}`,
    timeout: () => neverUp,
    probeFrom: 'lambda' as const,
    reachable: { of: async () => new Map() } as never,
    sleep: async () => undefined,
    probe: probing(invocation),
    inspectEndpoint: looking(invocation),
  };
}

function executionsFor(invocation: Invocation) {
  const { world } = invocation;
  return {
    start: (_: string, name: string, input: unknown) =>
      invocation.call(() => world.startRollout(name, input as Json)?.plan.arn ?? null),
    status: (arn: string) =>
      world.interleaver.call(() => {
        if (world.chance(3)) return 'unknown' as const;
        return world.executions.get(arn)?.isRunning ? ('running' as const) : ('ended' as const);
      }),
    complete: (token: string, output: unknown) => invocation.call(() => world.complete(token, output)),
    fail: (token: string, { name }: { name: string }) => invocation.call(() => world.fail(token, name)),
  };
}

function commandsFor(invocation: Invocation) {
  const { world } = invocation;
  return {
    async requireReachable(host: string) {
      if (world.offline.has(host)) throw new CertferryError('CommandUndeliverable', `${host} is away`);
    },
    readInvocation: (commandId: string) => invocation.call(() => world.invocations.get(commandId) ?? null),
    send: ({ host, job }: { host: string; job: string }) =>
      invocation.call(() => {
        const commandId = `command-${world.number()}`;
        world.inFlight.push({ commandId, job: jobIn(job, host, world.versions) });
        return commandId;
      }),
  };
}

function jobIn(text: string, host: string, versions: Versions): ModelJob {
  const job = withoutSignature(text);
  if (job.startsWith('sealed.')) {
    const { version, ...header } = JSON.parse(job.slice('sealed.'.length));
    return { ...header, host, version: versions.facts(version) };
  }
  const read = readJob(job);
  if (read.sealed) throw new Error('nothing is sealed here');
  const { header, replaces } = read.job;
  return { ...header, host, version: null, replaces } as ModelJob;
}

function sourcesOf(world: World) {
  const { versions } = world;
  return {
    async fetch({ fingerprint }: { fingerprint: string }) {
      return { ...versions.bundle(fingerprint), warnings: [] };
    },
    async latest() {
      return { fingerprint: versions.all[world.latest] ?? '', source, notAfter: 1_900_000_000 };
    },
  } as never;
}

/** A probe of a target or of a service. */
function probing({ world }: Invocation): typeof probe {
  return ({ verify, ...question }) =>
    world.interleaver.call(() => {
      const { host } = endpointParts(verify.endpoint);
      const version = question.version ?? { fingerprint: null };
      const isService = host.startsWith('service');
      return [isService ? serviceSeen(world, host, version) : nodeSeen(world, host, version)];
    }) as never;
}

interface ExpectedVersion {
  readonly fingerprint: string | null;
}

const serviceSeen = (world: World, host: string, { fingerprint }: ExpectedVersion) => ({
  ...seen(host, world.staleServices ? 'stale' : null),
  fingerprint,
});

function nodeSeen(world: World, host: string, expected: ExpectedVersion) {
  const { served, version } = world.hosts.target(host);
  const isRight = served && version?.fingerprint === expected.fingerprint;
  return { ...seen(host, isRight ? null : 'another leaf'), fingerprint: version?.fingerprint ?? null };
}

const seen = (address: string, problem: string | null) => ({
  address,
  fingerprint: null,
  ok: problem === null,
  problem,
});

function looking({ world }: Invocation): typeof inspectEndpoint {
  return async ({ endpoint }) => {
    const { host } = endpointParts(endpoint);
    const { version, served } = world.hosts.target(host);
    const leaf = version === null || !served ? null : { ...version, daysLeft: 300, chainLength: 2 };
    return [{ address: host, problem: leaf === null ? 'connection refused' : null, served: leaf }] as never;
  };
}
