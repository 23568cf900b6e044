import { KMSClient } from '@aws-sdk/client-kms';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type {
  DeploymentState,
  PushResult,
  RecordedDeployment,
  RequestAction,
} from '../../core/deployment/deployment.ts';
import type { CertificateSource } from '../../core/deployment/source.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { Certificate } from '../../core/registry/certificate.ts';
import { keptEarlier } from '../../lambdas/delivery/kept-earlier.ts';
import { searchEarlier } from '../../lambdas/delivery/search-earlier.ts';
import { createHandler as acquireLock } from '../../lambdas/handlers/deploy-target/acquire-lock.ts';
import { createHandler as recordOutcome } from '../../lambdas/handlers/deploy-target/record-outcome.ts';
import { FinalState, type RecordingPath } from '../../lambdas/recording/deployment-outcome.ts';
import { createKmsDataKeys } from '../../services/previous-bundles/data-keys.ts';
import { createKeptBundles } from '../../services/previous-bundles/kept-bundles.ts';
import { createPreviousBundles, type OfTarget } from '../../services/previous-bundles/previous-bundles.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { createInstalledVersions } from '../../services/registry/installed-versions.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import { type AcmServer, startAcmServer } from '../fakes/acm-server.ts';
import { type KeyService, startKeyService } from '../fakes/key-service.ts';
import { clientFor } from '../fakes/scripted-service.ts';
import { startVersionedSources, type VersionedSources } from '../fakes/versioned-sources.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { anExecution, rawRequest } from '../fixtures/factories.ts';
import { aWorld, startTables, type Tables, tableNames, type World } from '../fixtures/world.ts';

/** Deployments of the kind `acm` through the functions, with records and kept copies on the database engine of local mode. */
export interface AcmDeployments {
  readonly world: World;
  readonly tables: Tables;
  readonly acm: AcmServer;
  readonly sources: VersionedSources;
  /** The services of a function: `search` for those that read sources, `kept` for those that do not. */
  servicesOf(earlier: 'search' | 'kept'): ReturnType<typeof servicesOn>;
  /** A certificate with this source, and a target of it. ACM has a version that no source has, if it has one. */
  aTarget(options: TargetOptions): Promise<AcmTarget>;
}

interface TargetOptions {
  readonly id: string;
  readonly host: string;
  readonly source: CertificateSource;
  readonly config?: object;
}

/** How a state of the state machine is performed: a handler is called, and the agent runs. */
export type Perform = (
  state: 'PushBundle' | 'RollBack',
  deployment: DeploymentState['deployment'],
) => Promise<PushResult>;

export interface AcmTarget {
  readonly arn: string;
  /** Makes this version, or a new one, the current one of the source. */
  issue(bundle?: Bundle): Promise<Bundle>;
  /** Deploys the version that was issued last. With `undo`, the endpoint does not serve it, so it is rolled back. */
  deploy(perform: Perform, options?: { undo?: boolean; action?: RequestAction }): Promise<RecordedDeployment>;
  rollBack(perform: Perform): Promise<RecordedDeployment>;
  /** Leaf, chain and key in ACM. */
  installed(): Bundle;
}

const certificate = 'www.example.test';

/** For a file of tests, whose targets have different ids. */
export function useAcmDeployments(take: (deployments: AcmDeployments) => void): void {
  let tables: Tables;
  let [acm, keys, sources]: [AcmServer?, KeyService?, VersionedSources?] = [];
  beforeAll(async () => {
    tables = await startTables();
    [acm, keys, sources] = await Promise.all([startAcmServer(), startKeyService(), startVersionedSources()]);
    take(deploymentsOn(tables, { acm, keys, sources }));
  });
  afterAll(() => Promise.all([tables.close(), acm?.close(), keys?.close(), sources?.close()]));
}

interface Servers {
  readonly acm: AcmServer;
  readonly keys: KeyService;
  readonly sources: VersionedSources;
}

function deploymentsOn(tables: Tables, servers: Servers): AcmDeployments {
  const world = aWorld(tables.documents);
  const { acm, sources } = servers;
  const servicesOf = (earlier: 'search' | 'kept') => servicesOn({ world, tables }, servers, earlier);
  return {
    ...{ world, tables, acm, sources, servicesOf },
    aTarget: (options) => aTargetOf({ world, tables, acm, sources }, options),
  };
}

function servicesOn(
  { world, tables: { documents } }: { readonly world: World; readonly tables: Tables },
  { keys, sources: { sources } }: Servers,
  earlier: 'search' | 'kept',
) {
  const { clock, history } = world;
  const kms = new KMSClient(clientFor(keys));
  const kept = createKeptBundles({
    ...{ documents, clock, table: tableNames.registry },
    keys: createKmsDataKeys(() => kms, keys.keyArn),
  });
  const catalogue = createCatalogue(documents, tableNames.registry);
  const previousBundles = (of: OfTarget) =>
    createPreviousBundles(
      {
        ...{ sources, kept },
        recordedSource: (target, fingerprint) => world.rollouts.sourceOf(target.certificate, fingerprint),
        certificateSource: async (name) => (await catalogue.certificate(name))?.thing.source ?? null,
      },
      of,
      clock.now(),
    );
  const installed = createInstalledVersions(documents, tableNames.registry);
  const search = searchEarlier({ installed, history, kept, previousBundles });
  return {
    ...{ ...world, sources, kept, previousBundles },
    earlier: earlier === 'search' ? search : keptEarlier(() => kept),
  };
}

async function aTargetOf(
  { world, tables, acm, sources }: Pick<AcmDeployments, 'world' | 'tables' | 'acm' | 'sources'>,
  { id, host, source, config = {} }: TargetOptions,
): Promise<AcmTarget> {
  const catalogue = createCatalogue(tables.documents, tableNames.registry);
  await catalogue.putCertificate(Certificate.parse({ name: certificate, source }), 'cli');
  const { leaf, chain, key } = bundleOf(await aVersion());
  const arn = acm.add({ leaf, chain: chain.join(''), key });
  const target = {
    ...{ id, host, certificate, kind: 'acm', verify: 'none' },
    config: { certificateArn: arn, ...config },
  };
  let version: object | null = null;

  async function run(
    perform: Perform,
    { action = 'deploy', undo = false }: { undo?: boolean; action?: RequestAction },
  ): Promise<RecordedDeployment> {
    // the agent compares the expiry of a job with the clock of its machine
    world.clock.set(new Date().toISOString());
    const [execution, request] = [
      anExecution(),
      rawRequest({ target, action, version: action === 'rollback' ? null : version }),
    ];
    const state = await acquireLock(world)({ execution, request });
    const push = await perform('PushBundle', state.deployment);
    const rollback = undo && push.outcome === 'applied' ? await perform('RollBack', state.deployment) : null;
    const path = pathOf(push, rollback);
    return recordOutcome(world)({
      ...{ path, execution, request },
      state: FinalState.parse({ ...state, push, rollback }),
    });
  }

  return {
    arn,
    async issue(known) {
      const bundle = known ?? bundleOf(await aVersion());
      version = {
        fingerprint: factsOfPem(bundle.leaf)?.fingerprint,
        source: sources.put(source, bundle),
      };
      return bundle;
    },
    deploy: (perform, options = {}) => run(perform, options),
    rollBack: (perform) => run(perform, { action: 'rollback' }),
    installed() {
      const found = acm.certificates().find((each) => each.arn === arn);
      if (found === undefined) throw new Error('ACM has lost the certificate');
      const blocks = found.chain.match(/-----BEGIN[\s\S]*?-----END CERTIFICATE-----\n/g) ?? [];
      return { leaf: found.leaf, chain: [...blocks], key: found.key };
    },
  };
}

/** As the states `PushOutcome?` and `RollBackOutcome?` decide. */
function pathOf({ outcome }: PushResult, rollback: PushResult | null): RecordingPath {
  if (rollback !== null) return rollback.outcome === 'restored' ? 'rolled_back' : 'rollback_failed';
  return outcome === 'applied' || outcome === 'unchanged' ? 'committed' : 'failed';
}

/** All items of all tables, as text. */
export async function allItems({ documents }: Tables): Promise<string> {
  const items = await Promise.all(
    Object.values(tableNames).map((TableName) => documents.send(new ScanCommand({ TableName }))),
  );
  return JSON.stringify(items);
}

/** The lines of a key that a search can find: the others are short, or the same in each key. */
export const linesOf = ({ key }: Bundle): string[] => key.split('\n').filter((line) => line.length > 40);
