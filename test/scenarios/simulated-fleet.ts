// Rollouts in local mode to hosts that are simulated in this process (played-hosts.ts).
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
import { type HostFaults, idOf, playedHosts } from './played-hosts.ts';

const certificate = 'www.example.test';

export interface FleetScenario extends HostFaults {
  readonly strategy?: StrategyOverrides;
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly machine?: Readonly<Record<string, object>>;
  /** The version that a service endpoint serves: the new one or the old one. */
  readonly service?: 'current' | 'outdated';
  /** The targets' maintenance window is closed. */
  readonly windowClosed?: boolean;
  /** The state in which an operator halts the rollout. */
  readonly haltIn?: 'AwaitTurn' | 'PauseBetweenWaves';
  /** The operator's decision about the approval request. */
  readonly decision?: 'approved' | 'rejected';
  /** A newer version is rolled out while the rollout waits for approval. */
  readonly newerVersion?: boolean;
  /** The version has been rolled out before. */
  readonly rolledOutBefore?: boolean;
  /** The secret contains another version than the requested one. */
  readonly differentBytes?: boolean;
}

export interface Run {
  readonly end: LocalRolloutResult;
  readonly events: readonly ExecutionEvent[];
  readonly children: readonly ExecutionEvent[];
}

/** Targets 0 to `size` - 1, each on its own host. At first they have the old version. */
export interface Fleet {
  run(scenario: FleetScenario): Promise<Run>;
  resume(id: string): Promise<Run>;
  /** The targets that have a version now. */
  having(version: 'old' | 'new'): number[];
  /** The targets that have ever installed the new version. */
  everInstalled(): number[];
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
    const rollOut = (backend: LocalBackend, version: IssuedCertificate, options: RolloutOptions = {}) => {
      const { strategy = {}, endpoints = [], secret = version, window, observer } = options;
      const rollout = {
        certificate: { name: certificate, serviceEndpoints: endpoints },
        targets: Array.from({ length: size }, (_, at) => target(at, window)),
        version: { secret: secretOf(secret), fingerprint: version.fingerprint },
        strategy,
      };
      return backend.rollout(rollout, observer);
    };
    const unchanged = await open({});
    await rollOut(unchanged, old, { strategy: { waves: ['100%'] } });
    return {
      async run(scenario) {
        hosts.setFaults(scenario);
        lambdas.inject(scenario.faults ?? {});
        const backend = scenario.machine === undefined ? unchanged : await open(scenario.machine);
        if (scenario.rolledOutBefore === true) await rollOut(backend, fresh);
        const { events, children, observer, when } = recordEvents();
        when(scenario.haltIn ?? 'nowhere', async (id) => void (await backend.halt(id, 'halted by the test')));
        when('AwaitApproval', async (id) => {
          if (scenario.newerVersion === true) await rollOut(backend, newer);
          if (scenario.decision !== undefined) await decide(backend, id, scenario.decision);
        });
        const endpoints = await servicesOf(scenario, (outdated) => serve(outdated ? old : fresh));
        const end = await rollOut(backend, fresh, {
          ...rolloutOptions(scenario),
          ...(scenario.differentBytes === true && { secret: newer }),
          endpoints,
          observer,
        });
        return { end, events, children };
      },
      async resume(id) {
        hosts.setFaults({});
        lambdas.inject({});
        const { events, children, observer } = recordEvents();
        return { end: await unchanged.resume(id, secretOf(fresh), observer), events, children };
      },
      having: (version) => hosts.having(version === 'old' ? old : fresh),
      everInstalled: () => hosts.everInstalled(fresh),
      lockedTargets: () => lockedIn(stateDir, size),
    };
  };
}

interface RolloutOptions {
  readonly strategy?: StrategyOverrides;
  readonly endpoints?: Endpoints;
  readonly secret?: IssuedCertificate;
  readonly window?: RegisteredTarget['window'];
  readonly observer?: RolloutObserver;
}

const rolloutOptions = ({ strategy, windowClosed }: FleetScenario): RolloutOptions => ({
  strategy: { waves: [1, '100%'], ...strategy },
  ...(windowClosed === true && { window: closedWindow() }),
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

/** A window of one hour that begins in two hours. */
function closedWindow(): NonNullable<RegisteredTarget['window']> {
  const hour = (ahead: number) => new Date(Date.now() + ahead * 3_600_000).toISOString().slice(11, 16);
  return { days: [...weekdays], from: hour(2), to: hour(3), timeZone: 'UTC' };
}

const secretOf = ({ certPem, chainPem, keyPem }: IssuedCertificate) => ({
  certificate: certPem,
  chain: chainPem,
  privateKey: keyPem,
});

/** Keeps the events of a rollout. `when` runs an action when the rollout enters a state. */
function recordEvents() {
  const [events, children]: [ExecutionEvent[], ExecutionEvent[]] = [[], []];
  let id = '';
  const entered = new Map<string, (id: string) => Promise<void>>();
  const observer: RolloutObserver = {
    onStart: (rolloutId) => {
      id = rolloutId;
    },
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'StateEntered') void entered.get(event.state?.name ?? '')?.(id);
    },
    onDeploymentEvent: (_, event) => void children.push(event),
  };
  const when = (state: string, action: (id: string) => Promise<void>) => void entered.set(state, action);
  return { events, children, observer, when };
}

/** Repeats the decision, because the approval request exists only a moment after the state is entered. */
async function decide(backend: LocalBackend, id: string, verdict: 'approved' | 'rejected'): Promise<void> {
  while (!(await backend.decide(id, { verdict, by: 'an operator' }))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function servicesOf(
  { service }: FleetScenario,
  serve: (outdated: boolean) => Promise<Server>,
): Promise<Endpoints> {
  if (service === undefined) return [];
  const address = (await serve(service === 'outdated')).address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const times = { attempts: 2, initialBackoffSeconds: 1, maxBackoffSeconds: 1, timeoutSeconds: 5 };
  const settings = {
    protocol: 'tls',
    addresses: 'all',
    successThreshold: 1,
    probeFrom: 'lambda',
    requireChain: true,
    onProbeUnavailable: 'alert',
  } as const;
  return [{ endpoint: `127.0.0.1:${port}`, serverName: certificate, ...times, ...settings }];
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
