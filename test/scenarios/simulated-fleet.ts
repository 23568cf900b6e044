// Rollouts in local mode to hosts that are played in this process (played-hosts.ts).
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterEach } from 'vitest';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { StrategyOverrides } from '../../core/registry/strategy.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { weekdays } from '../../core/targets/window.ts';
import { type LocalBackend, openLocalBackend } from '../../local/backend/local-backend.ts';
import type { LocalRolloutResult } from '../../local/backend/run-rollout.ts';
import { openStateFolder } from '../../local/base/state-folder.ts';
import { openCloud } from '../../local/cloud/local-cloud.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import type { RolloutObserver } from '../../services/backend/backend.ts';
import { createTargetLocks } from '../../services/locks/target-locks.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { scratch } from '../local/scratch.ts';
import { type Fault, faultyLambdas, quickMachine, quickRollout } from './faults.ts';
import { idOf, type Manners, playedHosts } from './played-hosts.ts';

const certificate = 'www.example.test';

export interface FleetScenario extends Manners {
  readonly strategy?: StrategyOverrides;
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly machine?: Readonly<Record<string, object>>;
  /** A service endpoint, and what it serves. */
  readonly service?: 'right' | 'stale';
  /** The targets' maintenance window is closed. */
  readonly closedNow?: boolean;
  /** In which state a person halts the rollout. */
  readonly halted?: 'AwaitTurn' | 'PauseBetweenWaves';
  /** What a person says when asked. */
  readonly answer?: 'approved' | 'rejected';
  /** A newer version is rolled out while a person is asked. */
  readonly newerMeanwhile?: boolean;
  /** The version has been rolled out before. */
  readonly twice?: boolean;
  /** The secret holds another version than the one that was asked for. */
  readonly otherBytes?: boolean;
}

export interface Run {
  readonly end: LocalRolloutResult;
  readonly events: readonly ExecutionEvent[];
  readonly children: readonly ExecutionEvent[];
}

/** Targets 0 to `size` - 1, each on a host of its own, that have an old version. */
export interface Fleet {
  run(scenario: FleetScenario): Promise<Run>;
  resume(id: string): Promise<Run>;
  /** Which targets have the new version, or the old one. */
  have(version: 'old' | 'new'): number[];
  /** Which targets were ever told to install the new version, and did. */
  applied(): number[];
  lockedTargets(): Promise<string[]>;
}

/** Fleets whose servers and backends are closed after each test. */
export function useFleet(): (size: number) => Promise<Fleet> {
  const servers: Server[] = [];
  const backends: LocalBackend[] = [];
  afterEach(async () => {
    for (const backend of backends.splice(0)) await backend.close();
    for (const server of servers.splice(0)) server.close();
  });
  return async (size) => {
    const [old, fresh, newer] = [await aVersion(), await aVersion(), await aVersion()];
    const stateDir = join(scratch(), 'state');
    const hosts = await playedHosts(size, [old, fresh, newer]);
    const serve = async (version: IssuedCertificate) => {
      const server = await listening(version);
      servers.push(server);
      return server;
    };
    const lambdas = faultyLambdas();
    const open = async (machine: Readonly<Record<string, object>>) => {
      const backend = await openLocalBackend({
        stateDir,
        lambdas: lambdas.folder,
        definition: quickMachine(),
        rollout: quickRollout(machine),
        simulated: hosts.simulated,
        deploymentsAtOnce: 4,
      });
      backends.push(backend);
      return backend;
    };
    const rollOut = (ferry: LocalBackend, version: IssuedCertificate, how: Rolling = {}) => {
      const { strategy = {}, endpoints = [], secret = version, window, watch } = how;
      const rollout = {
        certificate: { name: certificate, serviceEndpoints: endpoints },
        targets: Array.from({ length: size }, (_, at) => target(at, window)),
        version: { secret: secretOf(secret), fingerprint: version.fingerprint },
        strategy,
      };
      return ferry.rollout(rollout, watch);
    };
    const unchanged = await open({});
    await rollOut(unchanged, old, { strategy: { waves: ['100%'] } });
    return {
      async run(scenario) {
        hosts.behave(scenario);
        lambdas.inject(scenario.faults ?? {});
        const ferry = scenario.machine === undefined ? unchanged : await open(scenario.machine);
        if (scenario.twice === true) await rollOut(ferry, fresh);
        const { events, children, watch, when } = watching();
        when(scenario.halted ?? 'nowhere', async (id) => void (await ferry.halt(id, 'enough')));
        when('AwaitApproval', async (id) => {
          if (scenario.newerMeanwhile === true) await rollOut(ferry, newer);
          if (scenario.answer !== undefined) await answered(ferry, id, scenario.answer);
        });
        const endpoints = await servicesOf(scenario, (stale) => serve(stale ? old : fresh));
        const end = await rollOut(ferry, fresh, {
          ...rollingOf(scenario),
          ...(scenario.otherBytes === true && { secret: newer }),
          endpoints,
          watch,
        });
        return { end, events, children };
      },
      async resume(id) {
        hosts.behave({});
        lambdas.inject({});
        const { events, children, watch } = watching();
        return { end: await unchanged.resume(id, secretOf(fresh), watch), events, children };
      },
      have: (version) => hosts.have(version === 'old' ? old : fresh),
      applied: () => hosts.applied(fresh),
      lockedTargets: () => lockedIn(stateDir, size),
    };
  };
}

interface Rolling {
  readonly strategy?: StrategyOverrides;
  readonly endpoints?: Endpoints;
  readonly secret?: IssuedCertificate;
  readonly window?: RegisteredTarget['window'];
  readonly watch?: RolloutObserver;
}

const rollingOf = ({ strategy, closedNow }: FleetScenario): Rolling => ({
  strategy: { waves: [1, '100%'], ...strategy },
  ...(closedNow === true && { window: closedWindow() }),
});

type Endpoints = NonNullable<Parameters<LocalBackend['rollout']>[0]['certificate']['serviceEndpoints']>;

function target(at: number, window: RegisteredTarget['window']): RegisteredTarget {
  return RegisteredTarget.parse({
    id: idOf(at),
    certificate,
    host: `local-${at}`,
    kind: 'files',
    config: { certPath: '/never/cert.pem', keyPath: '/never/key.pem', reloadCommand: ['true'] },
    verify: 'none',
    ...(window !== undefined && { window }),
  });
}

/** An hour that begins in two. */
function closedWindow(): NonNullable<RegisteredTarget['window']> {
  const hour = (ahead: number) => new Date(Date.now() + ahead * 3_600_000).toISOString().slice(11, 16);
  return { days: [...weekdays], from: hour(2), to: hour(3), timeZone: 'UTC' };
}

const secretOf = ({ certPem, chainPem, keyPem }: IssuedCertificate) => ({
  certificate: certPem,
  chain: chainPem,
  privateKey: keyPem,
});

/** Keeps what a rollout tells. */
function watching() {
  const [events, children]: [ExecutionEvent[], ExecutionEvent[]] = [[], []];
  let id = '';
  const entered = new Map<string, (id: string) => Promise<void>>();
  const watch: RolloutObserver = {
    onStart: (begun) => {
      id = begun;
    },
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'StateEntered') void entered.get(event.state?.name ?? '')?.(id);
    },
    onDeploymentEvent: (_, event) => void children.push(event),
  };
  const when = (state: string, go: (id: string) => Promise<void>) => void entered.set(state, go);
  return { events, children, watch, when };
}

/** The question is there a moment after the state is entered. */
async function answered(ferry: LocalBackend, id: string, verdict: 'approved' | 'rejected'): Promise<void> {
  while (!(await ferry.decide(id, { verdict, by: 'a person' }))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function servicesOf(
  { service }: FleetScenario,
  serve: (stale: boolean) => Promise<Server>,
): Promise<Endpoints> {
  if (service === undefined) return [];
  const address = (await serve(service === 'stale')).address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const times = { attempts: 2, initialBackoffSeconds: 1, maxBackoffSeconds: 1, timeoutSeconds: 5 };
  const how = {
    protocol: 'tls',
    addresses: 'all',
    successThreshold: 1,
    probeFrom: 'lambda',
    requireChain: true,
  } as const;
  return [{ endpoint: `127.0.0.1:${port}`, serverName: certificate, ...times, ...how }];
}

async function listening({ fullchainPem, keyPem }: IssuedCertificate): Promise<Server> {
  const server = createServer({ cert: fullchainPem, key: keyPem }, (socket) =>
    socket.on('error', () => undefined),
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

async function lockedIn(stateDir: string, size: number): Promise<string[]> {
  const cloud = await openCloud(openStateFolder(stateDir));
  const locks = createTargetLocks(cloud.documents, tableNames.locks);
  const ids = Array.from({ length: size }, (_, at) => [idOf(at), `host#local-${at}`]).flat();
  const read = await Promise.all(ids.map(async (id) => ({ id, lock: await locks.read(id) })));
  await cloud.close();
  return read.filter(({ lock }) => lock.owner !== null).map(({ id }) => id);
}
