// Rollouts on this machine: executions of `certferry-rollout` that this process runs, and what any process on the state
// folder can do with them.
import type * as z from 'zod/mini';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { SweepReport } from '../../core/drift/sweep-report.ts';
import { CertferryError } from '../../core/errors.ts';
import { newExecutionName } from '../../core/execution-name.ts';
import { Certificate } from '../../core/registry/certificate.ts';
import type { StrategyOverrides } from '../../core/registry/strategy.ts';
import { type Part, type RecordedRollout, RolloutRequest } from '../../core/rollout/rollout.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import { createRollouts, type Rollouts } from '../../services/rollouts/rollout-store.ts';
import type { JudgedWave } from '../../services/rollouts/wave-files.ts';
import { type Approvals, openApprovals } from '../approvals.ts';
import type { Cloud } from '../cloud.ts';
import { tableNames } from '../dynamodb/stack-tables.ts';
import type { SecretLocation } from '../secrets-manager.ts';
import { executionArn, rollout as machine } from '../step-functions/arns.ts';
import type { ExecutionStatus } from '../step-functions/execution-record.ts';
import type { EndedExecution, OnEvent } from '../step-functions/executions.ts';
import { register } from './register-targets.ts';
import { judgedWaves, outputOf } from './rollout-result.ts';
import type { Secret } from './run-deployment.ts';

/** One certificate version to all of its targets. */
export interface RolloutWish {
  /** What the registry says of the certificate from now on; its `name` is the targets' certificate. */
  readonly certificate: { readonly name: string } & Partial<Omit<Certificate, 'name'>>;
  /** All targets of the certificate: what is registered for it otherwise is forgotten. */
  readonly targets: readonly RegisteredTarget[];
  readonly secret: Secret;
  /** Of the secret's leaf. */
  readonly fingerprint: string;
  /** Counts more than the certificate's own. */
  readonly strategy?: StrategyOverrides | undefined;
  readonly urgent?: boolean | undefined;
  readonly only?: Part | null | undefined;
  readonly repeat?: boolean | undefined;
  /** In words, for history and messages. */
  readonly reason?: string | undefined;
}

/** Told of a rollout while it goes on; what these throw is not caught. */
export interface RolloutWatch {
  readonly begun?: (id: string) => void;
  readonly event?: (event: ExecutionEvent) => void;
  readonly deployment?: (targetId: string, event: ExecutionEvent) => void;
}

/** A rollout that has ended. `output` is null when its execution ended without recording an outcome: `status` says how. */
export interface RolloutEnd {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly output: RecordedRollout | null;
  readonly waves: readonly JudgedWave[];
  /** Of this run: a rollout that is resumed begins to count again. */
  readonly durationMs: number;
  readonly error: string | null;
  readonly cause: string | null;
}

export interface LocalRollouts extends Approvals {
  /** Registers certificate and targets, and runs the rollout to its end. Throws InvalidRequest and InvalidTarget. */
  rollout(wish: RolloutWish, watch?: RolloutWatch): Promise<RolloutEnd>;
  /**
   * Lets one that failed, was halted or died with its process go on with what is not done. The bytes of the version are
   * needed again unless nothing is to be deployed any more. Throws InvalidRequest when it cannot be resumed.
   */
  resume(id: string, secret: Secret | null, watch?: RolloutWatch): Promise<RolloutEnd>;
  /** Latest first. */
  rollouts(certificate?: string): Promise<RolloutControl[]>;
  /** No further deployment of it begins. False when there is no such rollout, or it has ended. */
  halt(id: string, reason: string): Promise<boolean>;
  /**
   * Halts it, and has what it changed put back: by the process that runs it or, once it was halted for good, by whoever
   * resumes it. Null when there is no such rollout, or it has ended.
   */
  putBack(id: string, reason: string): Promise<RolloutControl | null>;
  /**
   * Looks at every target, or at one certificate's. It heals nothing: that takes the bytes of a version, which local mode does not keep; roll the
   * version out again.
   */
  sweep(options?: { readonly certificate?: string | undefined }): Promise<SweepReport>;
}

export function openRollouts(cloud: Cloud): LocalRollouts {
  const { executions, secrets, documents } = cloud;
  const rollouts = createRollouts(documents, tableNames.registry);
  return {
    ...openApprovals(cloud, rollouts),
    async rollout(wish, watch = {}) {
      const { certificate, targets, secret, fingerprint } = wish;
      const id = newExecutionName(certificate.name, new Date());
      const location = secrets.putVersion(fingerprint, secret);
      const begin = async (): Promise<Run> => {
        const [request, its] = [requestOf(wish, location), parsed(Certificate, certificate)];
        await register(createCatalogue(documents, tableNames.registry), its, targets);
        return (onEvent) => executions.run(id, request, onEvent, machine);
      };
      return follow(cloud, { id, location, begin }, { rollouts, watch });
    },
    async resume(id, secret, watch = {}) {
      const fingerprint = resumable(cloud, id);
      const location = secret === null ? null : secrets.putVersion(fingerprint, secret);
      const begin = async (): Promise<Run> => async (onEvent) =>
        (await executions.redrive(executionArn(id, machine), onEvent)).ended;
      return follow(cloud, { id, location, begin }, { rollouts, watch });
    },
    rollouts: (certificate) => rollouts.list(certificate === undefined ? {} : { certificate }),
    halt: (id, reason) => rollouts.halt(id, reason),
    putBack: (id, reason) => rollouts.requestRollback(id, reason),
    sweep: async ({ certificate } = {}) =>
      SweepReport.parse(await cloud.invoke('sweep', { heal: false, certificate })),
  };
}

type Run = (onEvent: OnEvent) => Promise<EndedExecution>;

interface Followed {
  readonly id: string;
  readonly location: SecretLocation | null;
  readonly begin: () => Promise<Run>;
}

/** To the rollout's end, after which its secret is dropped, however it ended. */
async function follow(
  cloud: Cloud,
  { id, location, begin }: Followed,
  { rollouts, watch }: { readonly rollouts: Rollouts; readonly watch: RolloutWatch },
): Promise<RolloutEnd> {
  try {
    const run = await begin();
    watch.begun?.(id);
    const ended = await run(telling(id, watch));
    const waves = await judgedWaves(cloud, id);
    const output = outputOf(ended, { control: await rollouts.control(id), waves });
    return { id, waves, output, ...endOf(ended) };
  } finally {
    if (location !== null) cloud.secrets.drop(location);
  }
}

function requestOf(wish: RolloutWish, location: SecretLocation): RolloutRequest {
  const { certificate, fingerprint, strategy = {}, urgent, only, repeat, reason } = wish;
  const source = { kind: 'secretsmanager', ...location };
  const version = { source, fingerprint };
  const request = { certificate: certificate.name, version, strategy, urgent, only, repeat, reason };
  return parsed(RolloutRequest, request);
}

function parsed<Shape>(schema: z.ZodMiniType<Shape>, input: unknown): Shape {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CertferryError('InvalidRequest', `the rollout cannot be started: ${problems.join('; ')}`);
}

/** The fingerprint that the rollout carries. */
function resumable({ executions }: Cloud, id: string): string {
  const record = executions.find(executionArn(id, machine));
  if (record === null)
    throw new CertferryError('InvalidRequest', `there is no rollout ${id} in this state folder`);
  const { status, runBy, start } = record;
  if (status === 'RUNNING' || status === 'SUCCEEDED') {
    const how = status === 'RUNNING' ? `is running in process ${runBy.owner.pid}` : 'has ended well';
    throw new CertferryError('InvalidRequest', `rollout ${id} ${how}: there is nothing to resume`);
  }
  const { version } = RolloutRequest.parse(start.input);
  return (typeof version === 'object' && 'fingerprint' in version ? version.fingerprint : undefined) ?? '';
}

function telling(id: string, { event: onOwn, deployment }: RolloutWatch): OnEvent {
  return (event, of) => {
    if (of.name === id) onOwn?.(event);
    else deployment?.((of.input as { target: { id: string } }).target.id, event);
  };
}

function endOf({ status, error, cause, events }: EndedExecution) {
  const [first, last] = [events.at(0)?.timestamp ?? 0, events.at(-1)?.timestamp ?? 0];
  return { status, error, cause, durationMs: last - first };
}
