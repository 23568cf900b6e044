// A certferry stack in an account, as a person at a command line works with it: with that person's own credentials,
// through the same services that the stack's functions use.
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { DeploymentRequest } from '../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../core/deployment/execution-event.ts';
import type { TargetsFile } from '../core/registry/targets-file.ts';
import type { RolloutRequest } from '../core/rollout/rollout.ts';
import type { Target } from '../core/targets/target.ts';
import { createExecutions } from '../services/executions.ts';
import { createHistory, type HistoryItem, type HistoryQuery } from '../services/history/history.ts';
import { createCatalogue } from '../services/registry/catalogue.ts';
import { createInstalledVersions } from '../services/registry/installed-versions.ts';
import type { RolloutControl } from '../services/rollouts/rollout-control.ts';
import { createRollouts } from '../services/rollouts/rollout-store.ts';
import { createWaveFiles, type JudgedWave } from '../services/rollouts/wave-files.ts';
import type { Check } from './doctor/check.ts';
import { doctor } from './doctor/run-checks.ts';
import { follow } from './executions/follow-execution.ts';
import { type InspectedExecution, inspect } from './executions/inspect-execution.ts';
import { createAccountFleet, createHostsOf } from './find-hosts.ts';
import { type SweepReport, sweep } from './invoke-sweep.ts';
import {
  apply,
  type Change,
  type Registration,
  registrations,
  removeCertificate,
  removeTarget,
} from './registrations.ts';
import { type CarriedDeployment, carrierOf, membersOf, type Order, versionOf } from './run-deployment.ts';
import {
  answer,
  begin,
  type EndedRollout,
  judgedWaves,
  resume,
  type Watch,
  watchAgain,
} from './run-rollout.ts';
import { type Clients, closeClients, openClients, type StackAddress } from './stack/clients.ts';
import { type ReadStack, readStack } from './stack/outputs.ts';

export type { Change, Check, Registration };

export interface Account {
  /** Registered targets on the hosts they have now. Throws NoTargets. */
  members(ids: readonly string[], certificate?: string): Promise<readonly [Target, ...Target[]]>;
  /**
   * The version whose rollout ended well last, or with a fingerprint one that was rolled out before. Throws
   * UnknownCertificate where there is none.
   */
  version(
    certificate: string,
    fingerprint: string | null,
  ): Promise<NonNullable<DeploymentRequest['version']>>;
  /** Carries the order to one target: an execution of the stack, followed to its end. */
  carrier(
    order: Order,
  ): (target: Target, onEvent: (event: ExecutionEvent) => void) => Promise<CarriedDeployment>;
  /** Ended deployments, the latest first. */
  history(query?: HistoryQuery & { readonly limit?: number }): Promise<HistoryItem[]>;
  /** By name or ARN; `last` is the one that began last. Null when there is none. */
  inspect(name: string): Promise<InspectedExecution | null>;
  /** The waves of a rollout that have been judged, in order. */
  waves(rollout: Pick<InspectedExecution, 'executionName' | 'events'>): Promise<JudgedWave[]>;

  /** Starts a rollout and follows it. It goes on in the account when this process ends. */
  rollout(request: RolloutRequest, watch: Watch): Promise<EndedRollout>;
  resume(id: string, watch: Watch): Promise<EndedRollout>;
  follow(id: string, watch: Watch): Promise<EndedRollout>;
  rollouts(certificate?: string): Promise<RolloutControl[]>;
  halt(id: string, reason: string): Promise<boolean>;
  putBack(id: string, reason: string): Promise<RolloutControl | null>;
  answer(id: string, said: Parameters<typeof answer>[2]): Promise<boolean>;
  sweep(options: { readonly certificate: string | undefined; readonly heal: boolean }): Promise<SweepReport>;

  registrations(): Promise<Registration[]>;
  apply(file: TargetsFile, how: { readonly dryRun: boolean }): Promise<Change[]>;
  removeTarget(id: string): Promise<void>;
  removeCertificate(name: string): Promise<void>;
  doctor(now: Date): Promise<Check[]>;
  close(): void;
}

/** Finds the stack and what it is made of. Throws StackUnusable. */
export async function openAccount(address: StackAddress): Promise<Account> {
  const clients = openClients(address);
  try {
    return work(clients, await readStack(clients.cloudFormation, address.stack));
  } catch (error) {
    closeClients(clients);
    throw error;
  }
}

function work(clients: Clients, stack: ReadStack): Account {
  const services = servicesOf(clients, stack);
  const { catalogue, history, rollouts, sfn } = services;
  const { DeployTargetArn: deployTarget, RolloutArn: rollout } = stack.outputs;
  return {
    members: (ids, certificate) => membersOf(services, ids, certificate),
    version: (certificate, fingerprint) => versionOf(services, certificate, fingerprint),
    carrier: (order) =>
      carrierOf(order, {
        executions: services.executions,
        machineArn: deployTarget,
        follow: (arn, onEvent) => follow(sfn, arn, { onEvent }),
      }),
    history: (query) => history.list(query),
    inspect: (name) => inspect(sfn, { deployTarget, rollout }, name),
    waves: ({ executionName, events }) => judgedWaves(services, executionName, events),

    rollout: (request, watch) => begin(services, request, watch),
    resume: (id, watch) => resume(services, id, watch),
    follow: (id, watch) => watchAgain(services, id, watch),
    rollouts: (certificate) => rollouts.list(certificate === undefined ? {} : { certificate }),
    halt: (id, reason) => rollouts.halt(id, reason),
    putBack: (id, reason) => rollouts.requestRollback(id, reason),
    answer: (id, said) => answer(services, id, said),
    sweep: ({ certificate, heal }) =>
      sweep(clients.lambda, { heal, ...(certificate !== undefined && { certificate }) }),

    registrations: () => registrations(catalogue),
    apply: (file, how) => apply(catalogue, file, how),
    removeTarget: (id) => removeTarget(catalogue, id),
    removeCertificate: (name) => removeCertificate(catalogue, name),
    doctor: (now) => doctor({ ...services, clients, stack }, now),
    close: () => closeClients(clients),
  };
}

function servicesOf(clients: Clients, { outputs }: ReadStack) {
  const documents = DynamoDBDocumentClient.from(clients.dynamoDb, {
    marshallOptions: { removeUndefinedValues: true },
  });
  return {
    sfn: clients.sfn,
    rolloutArn: outputs.RolloutArn,
    catalogue: createCatalogue(documents, outputs.RegistryTableName),
    executions: createExecutions(clients.sfn),
    fleet: createAccountFleet(clients),
    hostsOf: createHostsOf(clients),
    history: createHistory(documents, {
      deployments: outputs.DeploymentsTableName,
      locks: outputs.LocksTableName,
      registry: outputs.RegistryTableName,
    }),
    installed: createInstalledVersions(documents, outputs.RegistryTableName),
    rollouts: createRollouts(documents, outputs.RegistryTableName),
    waveFiles: createWaveFiles(clients.s3, outputs.WorkBucketName),
  };
}
