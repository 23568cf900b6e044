// The operations that the command line needs. Two backends implement them: local mode (local/backend/) and a stack in an AWS
// account (account/). Each backend adds what only it can do.
import type { RecordedDeployment, RequestAction } from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { WarmedHost } from '../../core/deployment/warm.ts';
import type { ReceivedSweepReport } from '../../core/drift/sweep-report.ts';
import type { TargetStatus } from '../../core/drift/target-status.ts';
import type { Approval, RecordedRollout } from '../../core/rollout/rollout.ts';
import type { Target } from '../../core/targets/target.ts';
import type { HistoryItem, HistoryQuery } from '../history/history.ts';
import type { Registration } from '../registry/registrations.ts';
import type { RolloutControl } from '../rollouts/rollout-control.ts';
import type { JudgedWave } from '../rollouts/wave-files.ts';
import type { OnStatuses } from '../status/list-statuses.ts';

/** The bytes of a version, as a secret of `docs/sources.md` holds them; `pkcs12` is base64. */
export type Secret =
  | {
      readonly certificate: string;
      readonly chain?: string;
      readonly privateKey: string;
      readonly passphrase?: string;
    }
  | { readonly pkcs12: string; readonly passphrase?: string };

/** One deployment to one target. `version` is null for the action `rollback`: the host has the previous version. */
export interface DeployRequest<Version> {
  readonly target: Target;
  readonly action: RequestAction;
  readonly version: Version | null;
  /** The maximum wait for the locks of target and host, in seconds. Undefined: about 40 minutes. */
  readonly lockWaitSeconds?: number | undefined;
}

/** A deployment that has ended. If no state recorded an outcome, the outcome is `lost`. */
export interface DeploymentResult {
  readonly executionName: string;
  /** Absent in local mode. */
  readonly executionArn?: string;
  readonly output: RecordedDeployment;
  readonly events: readonly ExecutionEvent[];
}

export type OnEvent = (event: ExecutionEvent) => void;

/** An execution with its events. `output` is null while it runs, and if no state recorded an outcome. */
export interface InspectedExecution {
  readonly executionName: string;
  /** Absent in local mode. */
  readonly executionArn?: string;
  readonly status: string;
  readonly output: RecordedDeployment | RecordedRollout | null;
  readonly events: readonly ExecutionEvent[];
}

/** The fields of a recorded deployment that a list shows. */
export type HistoryEntry = Pick<
  HistoryItem,
  | 'deploymentId'
  | 'targetId'
  | 'outcome'
  | 'fingerprint'
  | 'previousFingerprint'
  | 'startedAt'
  | 'action'
  | 'rollout'
>;

/** The fields of a rollout that a list shows. */
export type RolloutEntry = Pick<
  RolloutControl,
  | 'id'
  | 'certificate'
  | 'fingerprint'
  | 'startedAt'
  | 'status'
  | 'supersededBy'
  | 'failures'
  | 'tolerated'
  | 'outcome'
>;

/** The fields of a judged wave that reports show. */
export type ReportedWave = Pick<JudgedWave, 'number' | 'direction'> & {
  readonly results: readonly ReportedDeployment[];
};

/** How one deployment of a wave ended. `outcome` is the name of an error if the deployment recorded no outcome. */
export type ReportedDeployment = Pick<
  JudgedWave['results'][number],
  'targetId' | 'executionArn' | 'outcome' | 'summary'
>;

/** A rollout that has ended. If its execution recorded no outcome, `output` is null and `status` shows how it ended. */
export interface RolloutResult {
  readonly id: string;
  /** Absent in local mode. */
  readonly executionArn?: string;
  readonly status: string;
  readonly output: RecordedRollout | null;
  readonly waves: readonly ReportedWave[];
  /** Of this run: the time of a resumed rollout starts at 0 again. */
  readonly durationMs: number;
}

/** Deployments of the running wave by state. */
export interface WaveCounts {
  readonly waiting: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Callbacks for a running rollout. The backend does not catch what they throw. */
export interface RolloutObserver {
  readonly onStart?: (id: string) => void;
  readonly onEvent?: OnEvent;
  /** In local mode only: a stack runs deployments outside this process and reports `onCounts`. */
  readonly onDeploymentEvent?: (targetId: string, event: ExecutionEvent) => void;
  readonly onCounts?: (counts: WaveCounts) => void;
}

/** An operator's decision on a rollout that waits for approval. `wave` defaults to the latest wave that waits. */
export type ApprovalDecision = Approval & { readonly wave?: number | undefined };

/** `heal` (default: true) permits rollouts for targets with `autoHeal`; local mode never heals. */
export interface SweepOptions {
  readonly certificate?: string | undefined;
  readonly heal?: boolean;
}

/**
 * `Version` is what a deployment needs: the bytes in local mode, the source location on a stack. `NewRollout` describes a
 * rollout to start. With the defaults, only rollbacks can be started.
 */
export interface Backend<Version = never, NewRollout = never> {
  /** Runs one deployment to its end. Throws InvalidRequest; any other failure is an outcome. */
  deploy(request: DeployRequest<Version>, onEvent?: OnEvent): Promise<DeploymentResult>;
  /** Starts a rollout and returns when it has ended. Throws InvalidRequest. */
  rollout(rollout: NewRollout, observer?: RolloutObserver): Promise<RolloutResult>;
  /**
   * Resumes a rollout that was halted or that broke off; deployments that have succeeded are not repeated. Local mode needs
   * the bytes of the version again, unless the rollout rolls back. Throws InvalidRequest if it cannot be resumed.
   */
  resume(id: string, secret: Secret | null, observer?: RolloutObserver): Promise<RolloutResult>;
  /** Ended deployments, the latest first. */
  history(query?: HistoryQuery & { readonly limit?: number }): Promise<HistoryItem[]>;
  /** An execution by its name; `last` is the deployment or rollout that started last. Null if there is none. */
  inspect(name: string): Promise<InspectedExecution | null>;
  /** The judged waves of a rollout, in order. */
  waves(rollout: Pick<InspectedExecution, 'executionName' | 'events'>): Promise<JudgedWave[]>;
  /** The latest first. */
  rollouts(certificate?: string): Promise<RolloutControl[]>;
  /** Starts no further deployments. False if there is no such rollout, or it has ended. */
  halt(id: string, reason: string): Promise<boolean>;
  /**
   * Halts a rollout and rolls back what it changed. If its execution has ended halted, the rollback starts when the rollout
   * is resumed. Null if there is no such rollout, or it has ended.
   */
  rollBack(id: string, reason: string): Promise<RolloutControl | null>;
  /** False if the rollout does not wait for a decision (any more). */
  decide(id: string, decision: ApprovalDecision): Promise<boolean>;
  /** The registered targets, or those of one certificate, as the registry has them. The most urgent first. Probes nothing. */
  status(certificate?: string, onRead?: OnStatuses): Promise<TargetStatus[]>;
  /** The registered certificates, then the registered targets, in the order of their names. */
  registrations(): Promise<Registration[]>;
  /** Files on hosts stay as they are. Throws NoTargets if the target is not registered, or the code of a stack registers it. */
  removeTarget(id: string): Promise<void>;
  /**
   * Throws UnknownCertificate if the certificate is not registered, or the code of a stack registers it; throws InvalidRequest
   * while targets use it.
   */
  removeCertificate(name: string): Promise<void>;
  /** Probes the endpoint of every registered target. */
  sweep(options?: SweepOptions): Promise<ReceivedSweepReport>;
  /**
   * Lets hosts fetch the agent and its runtime. `onWarmed` is called with the results of each part of the hosts. The results
   * have the order of `hosts`.
   */
  warm(hosts: readonly string[], onWarmed?: (hosts: readonly WarmedHost[]) => void): Promise<WarmedHost[]>;
  /** Releases connections and processes. */
  close(): Promise<void>;
}
