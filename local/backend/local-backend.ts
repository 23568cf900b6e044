// Local mode: deployments and rollouts on this machine through the same state machines, functions, document and agent that
// the stack deploys, kept in a state folder. Any number of processes may use one folder at once.
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { createHistory, type HistoryItem, type HistoryQuery } from '../../services/history/history.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import type { JudgedWave } from '../../services/rollouts/wave-files.ts';
import { type CloudOptions, openCloud } from '../cloud.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';
import { openStateFolder } from '../state-folder.ts';
import { type InspectedExecution, inspect } from './inspect-execution.ts';
import { registerBeside } from './register-targets.ts';
import { judgedWaves } from './rollout-result.ts';
import { type DeployRequest, type DeployResult, deploy } from './run-deployment.ts';
import { type LocalRollouts, openRollouts } from './run-rollout.ts';

export type { InspectedExecution } from './inspect-execution.ts';
export type { DeployRequest, DeployResult } from './run-deployment.ts';
export type { RolloutWish } from './run-rollout.ts';
export type { HistoryItem };

export interface Ferry extends LocalRollouts {
  /** Runs one deployment to its end. Throws InvalidRequest; every other end is an output. */
  deploy(request: DeployRequest): Promise<DeployResult>;
  /**
   * What is deployed to from now on, for the sweep to look at; other targets stay registered, of the same certificate too.
   * A rollout registers its own. Throws InvalidTarget for hosts that this machine cannot find.
   */
  register(targets: readonly RegisteredTarget[]): Promise<void>;
  /** Ended deployments, the latest first. */
  history(query?: HistoryQuery & { readonly limit?: number }): Promise<HistoryItem[]>;
  /** `last` is the deployment or rollout that began last. Null when there is none. */
  inspect(name: string): Promise<InspectedExecution | null>;
  /** The waves of a rollout that have been judged, in order. */
  waves(rollout: Pick<InspectedExecution, 'executionName'>): Promise<JudgedWave[]>;
  /** Aborts what still runs here (hosts finish by themselves) and lets go of the locks. */
  close(): Promise<void>;
}

export interface FerryOptions extends CloudOptions {
  readonly stateDir: string;
}

export async function openFerry({ stateDir, ...options }: FerryOptions): Promise<Ferry> {
  const folder = openStateFolder(stateDir);
  const cloud = await openCloud(folder, options);
  const history = createHistory(cloud.documents, tableNames);
  return {
    ...openRollouts(cloud),
    deploy: (request) => deploy(cloud, request),
    register: (targets) => registerBeside(createCatalogue(cloud.documents, tableNames.registry), targets),
    history: (query) => history.list(query),
    inspect: async (name) => inspect(cloud.executions, name),
    waves: ({ executionName }) => judgedWaves(cloud, executionName),
    close: () => cloud.close(),
  };
}
