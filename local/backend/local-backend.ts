// Local mode: deployments and rollouts on this machine, through the same state machines, functions, document and agent that a
// stack uses. The state folder keeps all data; several processes may use one folder at once.

import { systemClock } from '../../core/clock.ts';
import { CertferryError } from '../../core/errors.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Backend } from '../../services/backend/backend.ts';
import { createExecutions } from '../../services/executions.ts';
import { createHistory } from '../../services/history/history.ts';
import { createHeldLocks } from '../../services/locks/held-locks.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { createInstalledVersions } from '../../services/registry/installed-versions.ts';
import { listRegistrations, removeCertificate, removeTarget } from '../../services/registry/registrations.ts';
import { createRollouts } from '../../services/rollouts/rollout-store.ts';
import { listStatuses, type StatusServices } from '../../services/status/list-statuses.ts';
import { openStateFolder } from '../base/state-folder.ts';
import { type Cloud, type CloudOptions, openCloud } from '../cloud/local-cloud.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';
import { inspect, type LocalExecution } from './inspect-execution.ts';
import { registerTargets } from './register-targets.ts';
import { judgedWaves } from './rollout-result.ts';
import { type LocalDeploymentResult, type LocalVersion, runDeployment } from './run-deployment.ts';
import { type LocalRollout, type LocalRolloutResult, openRollouts } from './run-rollout.ts';

/** The backend of local mode; its results have more details. */
export interface LocalBackend extends Backend<LocalVersion, LocalRollout> {
  deploy(...args: Parameters<Backend<LocalVersion>['deploy']>): Promise<LocalDeploymentResult>;
  rollout(...args: Parameters<Backend<LocalVersion, LocalRollout>['rollout']>): Promise<LocalRolloutResult>;
  resume(...args: Parameters<Backend['resume']>): Promise<LocalRolloutResult>;
  inspect(name: string): Promise<LocalExecution | null>;
  /**
   * Registers targets for the sweep; other targets stay registered. A rollout registers its own targets. Throws
   * InvalidTarget if a target selects its hosts by tags or Auto Scaling group.
   */
  register(targets: readonly RegisteredTarget[]): Promise<void>;
}

export interface LocalBackendOptions extends CloudOptions {
  readonly stateDir: string;
}

/** Opens the state folder and creates it if it is missing. `close` aborts executions that this process runs. */
export async function openLocalBackend({ stateDir, ...options }: LocalBackendOptions): Promise<LocalBackend> {
  const folder = openStateFolder(stateDir);
  const cloud = await openCloud(folder, options);
  const history = createHistory(cloud.documents, tableNames);
  const catalogue = createCatalogue(cloud.documents, tableNames.registry);
  return {
    ...openRollouts(cloud),
    deploy: (request, onEvent) => runDeployment(cloud, request, onEvent),
    register: (targets) => registerTargets(catalogue, targets, cloud.permitted),
    registrations: () => listRegistrations(catalogue),
    removeTarget: (id) => removeTarget(catalogue, id),
    removeCertificate: (name) => removeCertificate(catalogue, name),
    history: (query) => history.list(query),
    status: (...only) => listStatuses(statusServices(cloud), ...only),
    inspect: async (name) => inspect(cloud.executions, name),
    waves: ({ executionName }) => judgedWaves(cloud, executionName),
    close: () => cloud.close(),
  };
}

function statusServices({ documents, sfn }: Cloud): StatusServices {
  return {
    catalogue: createCatalogue(documents, tableNames.registry),
    fleet: withoutFleet,
    installed: createInstalledVersions(documents, tableNames.registry),
    locks: createHeldLocks(documents, tableNames.locks),
    rollouts: createRollouts(documents, tableNames.registry),
    executions: createExecutions(sfn),
    clock: systemClock,
  };
}

/** Local mode registers no target with tags or an Auto Scaling group. */
const withoutFleet: StatusServices['fleet'] = {
  resolve: () => Promise.reject(new CertferryError('InvalidTarget', 'local mode finds no hosts')),
};
