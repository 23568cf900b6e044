import * as z from 'zod/mini';
import { AgentLine } from '../../core/deployment/agent-line.ts';
import { VersionFacts } from '../../core/deployment/version.ts';
import { VerifyPolicy } from '../../core/targets/verify.ts';

/** A change of one target in a store. `plan` is the connector's, without secrets. */
export const StoreChange = z.strictObject({
  deploymentId: z.string(),
  targetId: z.string(),
  kind: z.string(),
  fence: z.int(),
  plan: z.unknown(),
  verify: VerifyPolicy,
  /** Null: the version that an earlier plan replaced could not be read. */
  version: z.nullable(VersionFacts),
  previousVersion: z.nullable(VersionFacts),
});
export type StoreChange = z.infer<typeof StoreChange>;

/**
 * The progress of a change, written before the step of that name:
 *
 * | phase    | state of the store                        | recovery after a crash  |
 * | -------- | ----------------------------------------- | ----------------------- |
 * | applying | previous, new or in between               | restores the previous   |
 * | undoing  | new, previous or in between               | restores the previous   |
 */
export const StoreJournal = z.strictObject({
  v: z.literal(1),
  phase: z.enum(['applying', 'undoing']),
  change: StoreChange,
});
export type StoreJournal = z.infer<typeof StoreJournal>;

/** The record of a finished deployment; the fields have the meaning of those in `journal/receipt.ts`. */
export const StoreReceipt = z.strictObject({
  v: z.literal(1),
  line: AgentLine,
  fence: z.int(),
  change: z.nullable(StoreChange),
  undone: z.boolean(),
  replacedDeployment: z.nullable(z.string()),
  origin: z.string(),
  rollout: z.optional(z.nullable(z.string())),
});
export type StoreReceipt = z.infer<typeof StoreReceipt>;

/**
 * The agent's records of one target in a store: a folder on a host, or items in DynamoDB for an agent in a function. One run
 * at a time may use it. Every write is durable when it returns, and fails if another run has taken the home over.
 */
export interface StoreHome {
  /** The highest fence of all jobs so far; 0 before the first. */
  readFence(): Promise<number>;
  writeFence(fence: number): Promise<void>;
  readJournal(): Promise<StoreJournal | null>;
  writeJournal(journal: StoreJournal): Promise<void>;
  closeJournal(): Promise<void>;
  /** All receipts, sorted by descending fence. */
  receipts(): Promise<readonly StoreReceipt[]>;
  writeReceipt(receipt: StoreReceipt): Promise<void>;
  removeReceipt(deploymentId: string): Promise<void>;
}
