import type { Rollout, RolloutOutcome } from '../../core/rollout/rollout.ts';

/** A rollout as its deployments and people steer by it: one item that is read before each deployment begins. */
export interface RolloutControl {
  readonly id: string;
  readonly executionArn: string;
  readonly certificate: string;
  readonly fingerprint: string;
  readonly sequence: number;
  readonly startedAt: string;
  readonly status: 'running' | 'halted' | 'rolling_back' | 'ended';
  /** Why it was halted, in words; null when it was not. */
  readonly reason: string | null;
  /** The rollout of a newer version; null while there is none. */
  readonly supersededBy: string | null;
  /** Deployments forward that ended badly; more of them than `tolerated` let no further one begin. */
  readonly failures: number;
  readonly tolerated: number;
  readonly outcome: RolloutOutcome | null;
  readonly summary: string | null;
  /** The execution's RedriveCount when it was halted last: a larger one says that a person wants it to go on. */
  readonly redriveCount: number;
}

/** How beginning a rollout ended. `exists`: this version is being, or has been, rolled out by another one. */
export type Begun =
  | { readonly type: 'begun'; readonly sequence: number }
  | { readonly type: 'exists'; readonly by: string }
  | { readonly type: 'superseded'; readonly by: string };

/** A person is asked after a wave. `secretHash`: SHA-256, in hex, of the secret in the link. */
export interface Question {
  readonly rolloutId: string;
  readonly wave: number;
  readonly taskToken: string;
  readonly secretHash: string;
  readonly askedAt: string;
}

/**
 * Rollouts: their order for a certificate, what lets a deployment begin, and questions to people. Every call may be
 * repeated by the same rollout and changes nothing the second time.
 */
export interface Rollouts {
  /**
   * Gives a rollout its place. A whole one gets the certificate's next sequence number and supersedes the one before,
   * unless that one carries the same version (and has not been refused, superseded or rolled back) and `repeat` is not
   * said. One for a part keeps the current number, and supersedes nobody.
   */
  begin(rollout: Omit<Rollout, 'sequence'>, how: { readonly repeat: boolean }): Promise<Begun>;
  control(id: string): Promise<RolloutControl | null>;
  /** Of one certificate, or of all; the latest first. */
  list(query?: { readonly certificate?: string; readonly limit?: number }): Promise<RolloutControl[]>;
  setTolerated(id: string, tolerated: number): Promise<void>;
  /** By the graph or a person. False when there is no such rollout or it has ended. */
  halt(id: string, reason: string): Promise<boolean>;
  rollBack(id: string): Promise<void>;
  /** Lets a halted rollout go on: failures count from 0 again. */
  resume(id: string, redriveCount: number): Promise<void>;
  end(id: string, outcome: RolloutOutcome, summary: string): Promise<void>;
  ask(question: Question): Promise<void>;
  /** The question of that wave, or the latest unanswered one. */
  question(rolloutId: string, wave?: number): Promise<Question | null>;
  answered(question: Question, answer: { readonly verdict: string; readonly by: string }): Promise<void>;
}
