// What commands ask of the place they work in: this machine (local/) or a stack in an account (account/).
import type { RecordedDeployment, RequestAction } from '../../core/deployment/deployment.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { RecordedRollout, RolloutOutcome } from '../../core/rollout/rollout.ts';

/** An execution as it is kept. `output` is null while it runs, and when no outcome was recorded. */
export interface Execution {
  readonly executionName: string;
  readonly status: string;
  readonly output: RecordedDeployment | RecordedRollout | null;
  readonly events: readonly ExecutionEvent[];
}

/** A deployment's history item, as far as it is shown. Times are ISO 8601. */
export interface HistoryEntry
  extends Pick<
    RecordedDeployment,
    'deploymentId' | 'targetId' | 'outcome' | 'fingerprint' | 'previousFingerprint'
  > {
  readonly startedAt: string;
  /** Null where nothing of the execution's input could be read. */
  readonly action: RequestAction | null;
  /** The rollout that it was a part of; left out where a person asked for it alone. */
  readonly rollout?: string | undefined;
}

/** A rollout as its deployments and people steer by it. Times are ISO 8601. */
export interface RolloutEntry {
  readonly id: string;
  readonly certificate: string;
  readonly fingerprint: string;
  readonly startedAt: string;
  readonly status: 'running' | 'halted' | 'rolling_back' | 'ended';
  readonly reason: string | null;
  readonly supersededBy: string | null;
  readonly failures: number;
  readonly tolerated: number;
  readonly outcome: RolloutOutcome | null;
  readonly summary: string | null;
}

/** How one deployment of a wave ended. `outcome` is an error's name where none was recorded. */
export interface WaveResult {
  readonly targetId: string;
  readonly executionArn: string;
  readonly outcome: string;
  readonly summary: string;
}

/** A wave that has ended, and how its deployments did. */
export interface EndedWave {
  readonly number: number;
  readonly direction: 'forward' | 'back';
  readonly results: readonly WaveResult[];
}

/** A rollout that has ended. `output` is null when its execution ended without recording an outcome: `status` says how. */
export interface RolloutEnd {
  readonly id: string;
  readonly status: string;
  readonly output: RecordedRollout | null;
  readonly waves: readonly EndedWave[];
  readonly durationMs: number;
}

/** How the deployments of a wave stand that run elsewhere. */
export interface WaveCounts {
  readonly waiting: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** Told of a rollout while it goes on. `deployment` only where deployments run in this process, else `counts`. */
export interface RolloutWatch {
  readonly begun: (id: string) => void;
  readonly event: (event: ExecutionEvent) => void;
  readonly deployment: (targetId: string, event: ExecutionEvent) => void;
  readonly counts: (counts: WaveCounts) => void;
}

/** A person's answer to a rollout that asks. */
export interface Answer {
  /** The latest wave that asks, when it is not said. */
  readonly wave: number | undefined;
  readonly verdict: 'approved' | 'rejected';
  readonly by: string;
}

/** What the drift sweep says of one target on one host. */
export interface SweptTarget {
  readonly targetId: string;
  readonly certificate: string;
  readonly condition: string;
  readonly daysToExpiry: number | null;
  readonly summary: string;
  /** A deployment was started that puts it right. */
  readonly healing: boolean;
  /** Why nothing is done about what is wrong; null when nothing is wrong, or it is healed. */
  readonly notHealed: string | null;
}

/** What a drift sweep saw: the worst first, and how many more there are. */
export interface SweepReport {
  readonly summary: string;
  readonly targets: readonly SweptTarget[];
  readonly more: number;
}

/** Whether a sweep may deploy again what is wrong, where the target says so. */
export interface SweepOptions {
  readonly certificate: string | undefined;
  readonly heal: boolean;
}

/** Which deployments: all, or those of one of these. */
export interface HistoryQuery {
  readonly targetId?: string | undefined;
  readonly certificate?: string | undefined;
  readonly rollout?: string | undefined;
  readonly limit?: number;
}

/** What both places can do. */
export interface There {
  /** Ended deployments, the latest first. */
  history(query: HistoryQuery): Promise<HistoryEntry[]>;
  /** `last` is the deployment or rollout that began last. Null when there is none. */
  inspect(name: string): Promise<Execution | null>;
  /** The waves of a rollout that have ended, in order. */
  waves(rollout: Execution): Promise<EndedWave[]>;
  /** Latest first. */
  rollouts(certificate: string | undefined): Promise<RolloutEntry[]>;
  /** False when there is no such rollout, or it has ended. */
  halt(id: string, reason: string): Promise<boolean>;
  /** Halts it and has what it changed put back; null when there is no such rollout, or it has ended. */
  putBack(id: string, reason: string): Promise<RolloutEntry | null>;
  /** False when nobody asks: no such question, or it has been answered. */
  answer(id: string, answer: Answer): Promise<boolean>;
  sweep(options: SweepOptions): Promise<SweepReport>;
}
