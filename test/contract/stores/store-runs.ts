import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { homeAt } from '../../../agent-scripts/host/home.ts';
import { folderHome } from '../../../agent-scripts/stores/folder-home.ts';
import { performStoreJob } from '../../../agent-scripts/stores/perform-store-job.ts';
import type { Store } from '../../../agent-scripts/stores/store.ts';
import type { StoreHome } from '../../../agent-scripts/stores/store-home.ts';
import type { StoreDeadlines } from '../../../agent-scripts/stores/store-run.ts';
import { type AnyStoreConnector, storeConnectors } from '../../../agent-scripts/stores/stores.ts';
import { factsOfPem } from '../../../core/certificate/facts.ts';
import type { AgentLine } from '../../../core/deployment/agent-line.ts';
import type { JobAction } from '../../../core/deployment/job.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import type { StoreTarget } from '../../../core/targets/target.ts';
import { aTarget, bundleOf } from '../../agent-scripts/run-agent.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import type { StoreSite, StoreUnderContract } from './store-site.ts';

/** What one job of a test may have beside its action. */
export interface JobOptions {
  readonly bundle?: Bundle;
  readonly deploymentId?: string;
  readonly fence?: number;
  readonly replaces?: string;
  readonly deadlines?: StoreDeadlines;
}

/** A store, the agent's records of its target, and jobs for it. */
export interface Runs {
  readonly site: StoreSite;
  readonly folder: string;
  /** Performs a job. Each has a new deployment id and the next fence, unless they are given. */
  perform(action: JobAction, options?: JobOptions): Promise<AgentLine>;
  /** A new version, of which a source keeps the key. */
  version(): Promise<Bundle>;
  /** Lets the process die at a step of the next job: a call of the store or of the home. Null: it lives. */
  readonly death: Death;
  /** Does something once, directly before the next change of the store. */
  beforeApply(work: () => Promise<void>): void;
  /** The journal of the target. */
  journal(): Promise<unknown>;
  /** Every result line so far. */
  readonly lines: readonly AgentLine[];
}

/** The agent dies at its n-th step, before or after the step has had its effect. `steps` counts them. */
export interface Death {
  at: number | null;
  when: 'before' | 'after';
  steps: number;
}

class Killed extends Error {}

const targetId = 'in-store';

/** `home`: the agent's records. Default: in `folder`. */
export async function startRuns(
  under: StoreUnderContract,
  folder: string,
  home: StoreHome = folderHome(homeAt(folder), targetId),
): Promise<Runs> {
  const kept = new Map<string, Bundle>();
  const site = await under.start(kept);
  const death: Death = { at: null, when: 'before', steps: 0 };
  const step = mortalStep(death);
  let beforeApply = async (): Promise<void> => undefined;
  storeConnectors.set(under.kind, Promise.resolve(mortal(site.connector, step, () => beforeApply())));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const target = aTarget(under.kind, site.config, 'none', targetId) as unknown as StoreTarget;
  const lines: AgentLine[] = [];
  let fence = 0;
  return {
    site,
    folder,
    death,
    lines,
    beforeApply(work) {
      beforeApply = async () => {
        beforeApply = async () => undefined;
        await work();
      };
    },
    journal: () => home.readJournal(),
    async version() {
      const bundle = bundleOf(await aVersion());
      kept.set(fingerprintOf(bundle), bundle);
      return bundle;
    },
    async perform(action, options = {}) {
      fence = options.fence ?? fence + 1;
      const header = {
        v: 1 as const,
        action,
        deploymentId: options.deploymentId ?? `deployment-${fence}`,
        targetId,
        fence,
        expiresAt: Math.floor(Date.now() / 1000) + 3600,
      };
      const job = {
        header,
        target,
        bundle: options.bundle ?? null,
        credentials: site.credentials,
        previous: { find: async (fingerprint: string) => kept.get(fingerprint) ?? null },
        replaces: options.replaces,
        fenceStep: 1000,
      };
      const line = await performStoreJob(mortalHome(home, step), job, options.deadlines);
      lines.push(line);
      return line;
    },
  };
}

type Step = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Before the step at which the process dies nothing happens, and after it nothing either. */
function mortalStep(death: Death): Step {
  return async (work) => {
    const n = ++death.steps;
    if (death.at === null || n < death.at) return work();
    if (n === death.at && death.when === 'after') await work();
    throw new Killed('the process is dead');
  };
}

function mortal(
  connector: AnyStoreConnector,
  step: Step,
  beforeApply: () => Promise<void>,
): AnyStoreConnector {
  return {
    plan: connector.plan,
    async open(access) {
      const store = await step(() => connector.open(access));
      const dying: Store<unknown> = {
        observe: () => step(() => store.observe()),
        plan: (desired) => step(() => store.plan(desired)),
        validate: (plan, desired) => step(() => store.validate(plan, desired)),
        apply: (plan, desired) =>
          step(async () => {
            await beforeApply();
            await store.apply(plan, desired);
          }),
        restore: (plan) => step(() => store.restore(plan)),
        collect: (plans) => step(() => store.collect(plans)),
        repair: (plan) => store.repair(plan),
        // a dead process closes its connections too
        close: () => store.close(),
      };
      return dying;
    },
  };
}

function mortalHome(home: StoreHome, step: Step): StoreHome {
  return {
    readFence: () => step(() => home.readFence()),
    writeFence: (fence) => step(() => home.writeFence(fence)),
    readJournal: () => step(() => home.readJournal()),
    writeJournal: (journal) => step(() => home.writeJournal(journal)),
    closeJournal: () => step(() => home.closeJournal()),
    receipts: () => step(() => home.receipts()),
    writeReceipt: (receipt) => step(() => home.writeReceipt(receipt)),
    removeReceipt: (deploymentId) => step(() => home.removeReceipt(deploymentId)),
  };
}

export function fingerprintOf(bundle: Pick<Bundle, 'leaf'>): string {
  return `${factsOfPem(bundle.leaf)?.fingerprint}`;
}

/** All files below a folder, as one text. */
export function textBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}
