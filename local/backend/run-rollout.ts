// Rollouts of local mode: executions of `certferry-rollout` that this process runs. Any process that uses the state folder can
// list, halt, approve and roll back a rollout.

import * as z from 'zod/mini';
import { WarmedHost } from '../../core/deployment/warm.ts';
import { SweepReport } from '../../core/drift/sweep-report.ts';
import { CertferryError } from '../../core/errors.ts';
import { newExecutionName } from '../../core/execution-name.ts';
import { Certificate } from '../../core/registry/certificate.ts';
import type { StrategyOverrides } from '../../core/registry/strategy.ts';
import { Approval, type Part, RolloutRequest } from '../../core/rollout/rollout.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Backend, RolloutObserver, RolloutResult } from '../../services/backend/backend.ts';
import { createExecutions } from '../../services/executions.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { decideApprovalOf } from '../../services/rollouts/decide-approval.ts';
import { createRollouts, type Rollouts } from '../../services/rollouts/rollout-store.ts';
import type { JudgedWave } from '../../services/rollouts/wave-files.ts';
import type { SecretLocation } from '../aws/secrets-manager.ts';
import type { Cloud } from '../cloud/local-cloud.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';
import { executionArn, rollout as machine } from '../step-functions/arns.ts';
import type { ExecutionStatus } from '../step-functions/execution-record.ts';
import type { EndedExecution, OnEvent } from '../step-functions/executions.ts';
import { parseRequest } from './parse-request.ts';
import { registerCertificate } from './register-targets.ts';
import { judgedWaves, rolloutOutcome } from './rollout-result.ts';
import type { LocalVersion } from './run-deployment.ts';

/** A rollout of one version to all targets of a certificate. */
export interface LocalRollout {
  /** Replaces the registration of the certificate; its `name` is the certificate of the targets. */
  readonly certificate: { readonly name: string } & Partial<Omit<Certificate, 'name'>>;
  /** All targets of the certificate: other registered targets of the certificate are removed. */
  readonly targets: readonly RegisteredTarget[];
  readonly version: LocalVersion;
  /** Overrides the strategy of the certificate. */
  readonly strategy?: StrategyOverrides | undefined;
  readonly urgent?: boolean | undefined;
  readonly only?: Part | null | undefined;
  readonly repeat?: boolean | undefined;
  /** A text for history and messages. */
  readonly reason?: string | undefined;
}

export interface LocalRolloutResult extends RolloutResult {
  readonly status: ExecutionStatus;
  readonly waves: readonly JudgedWave[];
  readonly error: string | null;
  readonly cause: string | null;
}

type RolloutOperations = Pick<Backend, 'rollouts' | 'halt' | 'rollBack' | 'decide' | 'warm'> & {
  rollout(rollout: LocalRollout, observer?: RolloutObserver): Promise<LocalRolloutResult>;
  resume(...args: Parameters<Backend['resume']>): Promise<LocalRolloutResult>;
  /** Healing needs the bytes of a version, which local mode does not keep. */
  sweep(options?: { readonly certificate?: string | undefined }): Promise<SweepReport>;
};

export function openRollouts(cloud: Cloud): RolloutOperations {
  const { executions, secrets, documents } = cloud;
  const rollouts = createRollouts(documents, tableNames.registry);
  const decisions = { rollouts, executions: createExecutions(cloud.sfn) };
  return {
    async rollout(rollout, observer = {}) {
      const { certificate, targets, version } = rollout;
      cloud.requireSpace(targets.length);
      const id = newExecutionName(certificate.name, new Date());
      const location = secrets.putVersion(version.fingerprint, version.secret);
      const prepare = async (): Promise<Run> => {
        const request = requestOf(rollout, location);
        const registration = parseRequest('rollout', Certificate, certificate);
        await registerCertificate(
          { catalogue: createCatalogue(documents, tableNames.registry), permitted: cloud.permitted },
          registration,
          targets,
        );
        return (onEvent) => executions.run(id, request, onEvent, machine);
      };
      return runToEnd(cloud, { id, location, prepare }, { rollouts, observer });
    },
    async resume(id, secret, observer = {}) {
      const fingerprint = resumableFingerprint(cloud, id);
      cloud.requireSpace(1);
      const location = secret === null ? null : secrets.putVersion(fingerprint, secret);
      const prepare = async (): Promise<Run> => async (onEvent) =>
        (await executions.redrive(executionArn(id, machine), onEvent)).ended;
      return runToEnd(cloud, { id, location, prepare }, { rollouts, observer });
    },
    rollouts: (certificate) => rollouts.list(certificate === undefined ? {} : { certificate }),
    halt: (id, reason) => rollouts.halt(id, reason),
    rollBack: (id, reason) => rollouts.requestRollback(id, reason),
    decide: (id, { wave, ...decision }) =>
      decideApprovalOf(decisions, { rolloutId: id, wave }, Approval.parse(decision)),
    sweep: async ({ certificate } = {}) =>
      SweepReport.parse(await cloud.invoke('sweep', { heal: false, certificate })),
    async warm(hosts, onWarmed = () => {}) {
      const warmed = WarmResult.parse(await cloud.invoke('warm-hosts', { hosts })).hosts;
      onWarmed(warmed);
      return warmed;
    },
  };
}

const WarmResult = z.object({ hosts: z.array(WarmedHost) });

type Run = (onEvent: OnEvent) => Promise<EndedExecution>;

interface PreparedRollout {
  readonly id: string;
  readonly location: SecretLocation | null;
  readonly prepare: () => Promise<Run>;
}

/** Runs the rollout and then removes its secret, also after a failure. */
async function runToEnd(
  cloud: Cloud,
  { id, location, prepare }: PreparedRollout,
  { rollouts, observer }: { readonly rollouts: Rollouts; readonly observer: RolloutObserver },
): Promise<LocalRolloutResult> {
  try {
    const run = await prepare();
    observer.onStart?.(id);
    const ended = await run(eventListener(id, observer));
    const waves = await judgedWaves(cloud, id);
    const output = rolloutOutcome(ended, { control: await rollouts.control(id), waves });
    return { id, waves, output, ...endOf(ended) };
  } finally {
    if (location !== null) cloud.secrets.drop(location);
  }
}

function requestOf(rollout: LocalRollout, location: SecretLocation): RolloutRequest {
  const { certificate, version, strategy = {}, urgent, only, repeat, reason } = rollout;
  const source = { kind: 'secretsmanager', ...location };
  return parseRequest('rollout', RolloutRequest, {
    certificate: certificate.name,
    version: { source, fingerprint: version.fingerprint },
    strategy,
    urgent,
    only,
    repeat,
    reason,
  });
}

/** The fingerprint of the version of a rollout. Throws InvalidRequest if the rollout cannot be resumed. */
function resumableFingerprint({ executions }: Cloud, id: string): string {
  const record = executions.find(executionArn(id, machine));
  if (record === null)
    throw new CertferryError('InvalidRequest', `there is no rollout ${id} in this state folder`);
  const { status, runner, start } = record;
  if (status === 'RUNNING' || status === 'SUCCEEDED') {
    const fact = status === 'RUNNING' ? `process ${runner.owner.pid} runs it` : 'it has succeeded';
    throw new CertferryError('InvalidRequest', `rollout ${id} cannot be resumed: ${fact}`);
  }
  const { version } = RolloutRequest.parse(start.input);
  return (typeof version === 'object' && 'fingerprint' in version ? version.fingerprint : undefined) ?? '';
}

/** Separates the events of the rollout from those of its deployments. */
function eventListener(id: string, { onEvent, onDeploymentEvent }: RolloutObserver): OnEvent {
  return (event, of) => {
    if (of.name === id) onEvent?.(event);
    else onDeploymentEvent?.((of.input as { target: { id: string } }).target.id, event);
  };
}

function endOf({ status, error, cause, events }: EndedExecution) {
  const [first, last] = [events.at(0)?.timestamp ?? 0, events.at(-1)?.timestamp ?? 0];
  return { status, error, cause, durationMs: last - first };
}
