// A certferry stack in an AWS account. The command line works on it with the operator's credentials, through the same services
// that the functions of the stack use.
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Check } from '../core/check.ts';
import { systemClock } from '../core/clock.ts';
import { CertferryError } from '../core/errors.ts';
import type { TargetsFile } from '../core/registry/targets-file.ts';
import type { RolloutRequest } from '../core/rollout/rollout.ts';
import type { Target } from '../core/targets/target.ts';
import type { Backend, RolloutObserver, RolloutResult } from '../services/backend/backend.ts';
import { createExecutions } from '../services/executions.ts';
import { createHistory } from '../services/history/history.ts';
import { createHeldLocks } from '../services/locks/held-locks.ts';
import { once } from '../services/once.ts';
import { createCatalogue } from '../services/registry/catalogue.ts';
import { createInstalledVersions } from '../services/registry/installed-versions.ts';
import {
  applyFile,
  type Change,
  listRegistrations,
  removeCertificate,
  removeTarget,
} from '../services/registry/registrations.ts';
import { decideApprovalOf } from '../services/rollouts/decide-approval.ts';
import { createRollouts } from '../services/rollouts/rollout-store.ts';
import { createWaveFiles } from '../services/rollouts/wave-files.ts';
import { listStatuses, type StatusServices } from '../services/status/list-statuses.ts';
import type { CheckHostsOptions, HostReport } from './doctor/hosts/check-hosts.ts';
import { checkRegisteredHosts } from './doctor/hosts/check-registered-hosts.ts';
import { runChecks } from './doctor/run-checks.ts';
import { inspect } from './executions/inspect-execution.ts';
import { createAccountFleet, createFindHosts } from './find-hosts.ts';
import { invokeSweep } from './invoke-sweep.ts';
import { invokeWarm } from './invoke-warm.ts';
import { findHostsOf, findTargets, findVersion, type HostSelection } from './registered-targets.ts';
import { runDeployment, type StackVersion } from './run-deployment.ts';
import {
  followRollout,
  judgedWaves,
  type RolloutServices,
  resumeRollout,
  startRollout,
} from './run-rollout.ts';
import { openClients, type StackAddress, type StackClients } from './stack/clients.ts';
import { readStack, type StackDescription } from './stack/outputs.ts';

/** What only a stack has: a registry that operators edit, rollouts that outlive this process, and checks. */
interface StackOperations {
  /**
   * Registered targets with their current hosts: one element for each host. Throws NoTargets if a target is not registered,
   * has another certificate, or has no host.
   */
  findTargets(ids: readonly string[], certificate?: string): Promise<readonly [Target, ...Target[]]>;
  /** The current version, or an earlier one by its fingerprint. Throws UnknownCertificate if there is none. */
  findVersion(certificate: string, fingerprint: string | null): Promise<StackVersion>;
  /** Follows a rollout from its first event to its end. Throws InvalidRequest if there is no such rollout. */
  follow(id: string, observer: RolloutObserver): Promise<RolloutResult>;
  apply(file: TargetsFile, options: { readonly dryRun: boolean }): Promise<Change[]>;
  /** The hosts of registered targets, of all without ids, and those with the tags. Throws NoTargets if there are none. */
  findHosts(selection: HostSelection): Promise<string[]>;
  doctor(now: Date): Promise<Check[]>;
  /** Checks on the hosts what no API reports. Changes nothing there. */
  checkHosts(onProgress: CheckHostsOptions['onProgress']): Promise<HostReport>;
}

export interface StackBackend extends Backend<StackVersion, RolloutRequest>, StackOperations {}

/** Finds a stack by its outputs. Throws StackUnusable. Clients of AWS services are built when they are first used. */
export async function openStackBackend(
  address: StackAddress,
  opened: StackClients = openClients(address),
): Promise<StackBackend> {
  try {
    const stack = await readStack(opened.clients.cloudFormation, address.stack);
    const services = lazyServices(opened, stack);
    return {
      ...deploymentOperations(opened, stack, services),
      ...rolloutOperations(opened, services),
      ...registryOperations(services),
      status: (...only) => listStatuses(statusServices(opened, services), ...only),
      doctor: (now) => runChecks(doctorServices(opened, stack, services), now),
      checkHosts: (onProgress) => checkRegisteredHosts(doctorServices(opened, stack, services), onProgress),
      close: async () => opened.close(),
    };
  } catch (error) {
    opened.close();
    throw error;
  }
}

type Services = ReturnType<typeof lazyServices>;

/** Each service is built when it is first used, so that a command needs only permissions and clients for its own work. */
function lazyServices({ clients }: StackClients, { outputs }: StackDescription) {
  const documents = once(() =>
    DynamoDBDocumentClient.from(clients.dynamoDb, { marshallOptions: { removeUndefinedValues: true } }),
  );
  const executions = once(() => createExecutions(clients.sfn));
  const rollouts = once(() => createRollouts(documents(), outputs.RegistryTableName));
  const waveFiles = once(() => createWaveFiles(clients.s3, outputs.WorkBucketName));
  return {
    executions,
    rollouts,
    waveFiles,
    catalogue: once(() => createCatalogue(documents(), outputs.RegistryTableName)),
    history: once(() =>
      createHistory(documents(), {
        deployments: outputs.DeploymentsTableName,
        locks: outputs.LocksTableName,
        registry: outputs.RegistryTableName,
      }),
    ),
    installed: once(() => createInstalledVersions(documents(), outputs.RegistryTableName)),
    locks: once(() => createHeldLocks(documents(), outputs.LocksTableName)),
    ofRollouts: once(
      (): RolloutServices => ({
        sfn: clients.sfn,
        rolloutArn: outputs.RolloutArn,
        executions: executions(),
        rollouts: rollouts(),
        waveFiles: waveFiles(),
      }),
    ),
  };
}

function deploymentOperations(
  { clients }: StackClients,
  { outputs }: StackDescription,
  { catalogue, executions, history, rollouts }: Services,
): Pick<StackBackend, 'findTargets' | 'findHosts' | 'findVersion' | 'deploy' | 'history' | 'inspect'> {
  const { DeployTargetArn: deployTargetArn, RolloutArn: rolloutArn } = outputs;
  return {
    findTargets: (ids, certificate) =>
      findTargets({ catalogue: catalogue(), findHosts: createFindHosts(clients) }, ids, certificate),
    findHosts: (selection) =>
      findHostsOf(
        { catalogue: catalogue(), findHosts: createFindHosts(clients), fleet: createAccountFleet(clients) },
        selection,
      ),
    findVersion: (certificate, fingerprint) =>
      findVersion({ catalogue: catalogue(), rollouts: rollouts() }, certificate, fingerprint),
    deploy: (request, onEvent) =>
      runDeployment({ sfn: clients.sfn, executions: executions(), deployTargetArn }, request, onEvent),
    history: (query) => history().list(query),
    inspect: (name) => inspect(clients.sfn, { deployTarget: deployTargetArn, rollout: rolloutArn }, name),
  };
}

function rolloutOperations(
  { clients }: StackClients,
  { executions, rollouts, waveFiles, ofRollouts }: Services,
): Pick<
  StackBackend,
  'rollout' | 'resume' | 'follow' | 'waves' | 'rollouts' | 'halt' | 'rollBack' | 'decide' | 'sweep' | 'warm'
> {
  return {
    rollout: (request, observer = {}) => startRollout(ofRollouts(), request, observer),
    async resume(id, secret, observer = {}) {
      if (secret === null) return resumeRollout(ofRollouts(), id, observer);
      throw new CertferryError(
        'InvalidRequest',
        'a stack reads the version from its source, not from a file',
      );
    },
    follow: (id, observer) => followRollout(ofRollouts(), id, observer),
    waves: ({ executionName, events }) => judgedWaves({ waveFiles: waveFiles() }, executionName, events),
    rollouts: (certificate) => rollouts().list(certificate === undefined ? {} : { certificate }),
    halt: (id, reason) => rollouts().halt(id, reason),
    rollBack: (id, reason) => rollouts().requestRollback(id, reason),
    decide: (id, { wave, ...decision }) =>
      decideApprovalOf({ rollouts: rollouts(), executions: executions() }, { rolloutId: id, wave }, decision),
    sweep: ({ certificate, heal = true } = {}) => invokeSweep(clients.lambda, { certificate, heal }),
    warm: (hosts, onWarmed = () => {}) => invokeWarm(clients.lambda, hosts, onWarmed),
  };
}

function registryOperations({
  catalogue,
}: Services): Pick<StackBackend, 'registrations' | 'apply' | 'removeTarget' | 'removeCertificate'> {
  return {
    registrations: () => listRegistrations(catalogue()),
    apply: (file, options) => applyFile(catalogue(), file, options),
    removeTarget: (id) => removeTarget(catalogue(), id),
    removeCertificate: (name) => removeCertificate(catalogue(), name),
  };
}

function statusServices(
  { clients }: StackClients,
  { catalogue, installed, locks, rollouts, executions }: Services,
): StatusServices {
  return {
    catalogue: catalogue(),
    fleet: createAccountFleet(clients),
    installed: installed(),
    locks: locks(),
    rollouts: rollouts(),
    executions: executions(),
    clock: systemClock,
  };
}

function doctorServices(
  { clients }: StackClients,
  stack: StackDescription,
  { catalogue, installed }: Services,
): Parameters<typeof runChecks>[0] {
  const fleet = createAccountFleet(clients);
  return { clients, stack, catalogue: catalogue(), fleet, installed: installed() };
}
