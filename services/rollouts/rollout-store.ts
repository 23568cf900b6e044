import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { textLimits } from '../../core/bounds/channels.ts';
import { cutText } from '../../core/bounds/cut-text.ts';
import type { Source } from '../../core/deployment/source.ts';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import {
  type Change,
  createRegistryTable,
  type RegistryTable,
  readItem,
} from '../registry/registry-table.ts';
import { type ApprovalRequests, createApprovalRequests } from './approval-requests.ts';
import {
  type BeginResult,
  beginRollout,
  type NewRollout,
  type RepeatOptions,
  readExisting,
  readLatest,
  readSourceOfVersion,
} from './begin-rollout.ts';
import {
  closeChange,
  endChange,
  haltChange,
  haltForRollbackChange,
  requestRollbackChange,
  resumeChange,
  startRollbackChange,
  taskStartsRollbackChange,
  toleratedChange,
  unlessResumed,
} from './rollout-changes.ts';
import type { RolloutControl } from './rollout-control.ts';
import {
  ControlItem,
  type ExistingRollout,
  LatestItem,
  latestKey,
  listPartition,
  rolloutKey,
} from './rollout-items.ts';

/**
 * Rollouts in the registry: their order for a certificate, the state that lets a deployment start, and approval requests.
 * Every call may be repeated by the same rollout; the second call changes nothing.
 *
 * A task of a rollout's execution passes the `redriveCount` that it was started with. If a later redrive has resumed the
 * rollout, the call does nothing. Calls of operators pass none and always apply.
 */
export interface Rollouts extends ApprovalRequests {
  /**
   * Starts a rollout.
   *
   * A full rollout gets the next sequence number of the certificate and supersedes the latest one. It ends as `exists` if
   * the latest one has the same version and was not refused, superseded or rolled back, unless `repeat` is set. With
   * `onlyNew` it ends as `exists` if any earlier rollout had the version, unless that one was refused. If a rollout that was
   * requested later has started first, the result is `superseded`.
   *
   * A rollout for a part keeps the current sequence number and supersedes nothing.
   *
   * If several attempts of one execution call this, the first decides the version; the others get the same result.
   *
   * @throws CertferryError InvalidRequest if the id belongs to another rollout, or its execution has ended
   */
  begin(rollout: NewRollout, options: RepeatOptions): Promise<BeginResult>;
  /**
   * Records that the execution of that name ends without a rollout. A late task of it cannot start one afterwards.
   * `startedAt`: start of the execution, ISO 8601.
   */
  close(id: string, startedAt: string): Promise<void>;
  /** The rollout that made `begin` return `exists` to the execution of that name, and its version. */
  existing(id: string): Promise<ExistingRollout | null>;
  /** Null when there is no such rollout. `supersededBy` is set as soon as a newer rollout has started. */
  control(id: string): Promise<RolloutControl | null>;
  /** The rollouts of one certificate, or of all; the latest first. */
  list(query?: { readonly certificate?: string; readonly limit?: number }): Promise<RolloutControl[]>;
  /** The latest full rollout of the certificate if it runs; otherwise null. */
  runningFull(certificate: string): Promise<RolloutControl | null>;
  /** The source location of a version that a full rollout has deployed; null when no such rollout is known. */
  sourceOf(certificate: string, fingerprint: string): Promise<Source | null>;
  setTolerated(id: string, tolerated: number): Promise<void>;
  /**
   * Halts a rollout. The first reason stands; a rollout that rolls back continues to do so. False when there is no such
   * rollout or it has ended.
   */
  halt(id: string, reason: string, redriveCount?: number): Promise<boolean>;
  /**
   * Halts a rollout for an operator and requests its rollback. The execution rolls back if it is running; otherwise its next
   * redrive does (`outcome` is `halted` then). Null when there is no such rollout or it has ended.
   */
  requestRollback(id: string, reason: string): Promise<RolloutControl | null>;
  /** Sets the status `rolling_back`. With a `redriveCount` it does nothing once the halt is recorded as the outcome. */
  startRollback(id: string, redriveCount?: number): Promise<void>;
  /**
   * Resumes a halted rollout: failures count from 0 again. A redrive that has already resumed the rollout changes nothing,
   * so a repeated call finds the status `running`.
   */
  resume(id: string, redriveCount: number): Promise<void>;
  /**
   * Records the outcome; the first one stands. A rollout with the outcome `halted` keeps the status `halted` and can be
   * resumed. If a rollback was requested that has not started yet, the outcome `halted` is not recorded.
   */
  end(id: string, outcome: RolloutOutcome, summary: string, redriveCount?: number): Promise<void>;
}

const defaultListLimit = 50;

/** Rollouts in the registry table. */
export function createRollouts(documents: DynamoDBDocumentClient, registryTable: string): Rollouts {
  const table = createRegistryTable(documents, registryTable);
  const control = async (id: string) => (await readControls(table, [id]))[0] ?? null;
  return {
    begin: (rollout, options) => beginRollout(table, rollout, options),
    control,
    async list({ certificate, limit = defaultListLimit } = {}) {
      const listed = await table.query(listPartition(certificate), { limit, latestFirst: true });
      const ids = listed.map(({ id }) => String(id));
      return readControls(table, ids);
    },
    async runningFull(certificate) {
      const latest = await readLatest(table, certificate);
      const found = latest === null ? null : await control(latest.current);
      return found?.status === 'running' ? found : null;
    },
    async halt(id, reason, redriveCount) {
      const change = haltChange(bounded(reason));
      if (await table.update(rolloutKey(id), unlessResumed(change, redriveCount))) return true;
      const found = await control(id);
      return found !== null && found.status !== 'ended';
    },
    sourceOf: (certificate, fingerprint) => readSourceOfVersion(table, { certificate, fingerprint }),
    existing: (id) => readExisting(table, id),
    close: (id, startedAt) => apply(table, id, closeChange(startedAt)),
    async requestRollback(id, reason) {
      const changes = [haltForRollbackChange(bounded(reason)), requestRollbackChange];
      // twice, since the status may change between two attempts
      for (const change of [...changes, ...changes]) {
        if (await table.update(rolloutKey(id), change)) return control(id);
      }
      return null;
    },
    setTolerated: (id, tolerated) => apply(table, id, toleratedChange(tolerated)),
    startRollback: (id, redriveCount) =>
      apply(
        table,
        id,
        redriveCount === undefined
          ? startRollbackChange
          : unlessResumed(taskStartsRollbackChange, redriveCount),
      ),
    resume: (id, redriveCount) => apply(table, id, resumeChange(redriveCount)),
    end: (id, outcome, summary, redriveCount) =>
      apply(table, id, unlessResumed(endChange(outcome, bounded(summary)), redriveCount)),
    ...createApprovalRequests(table),
  };
}

/** The item of a rollout, and every state that reads it, has room for this. */
const bounded = (text: string): string => cutText(text, textLimits.summary, 'ends');

/** In the order of the ids. Unknown and expired rollouts are omitted. */
async function readControls(table: RegistryTable, ids: readonly string[]): Promise<RolloutControl[]> {
  const items = (await table.many([...new Set(ids)].map(rolloutKey)))
    .filter(({ id }) => id !== undefined)
    .map((item) => readItem(ControlItem, item, itemName(String(item.id))));
  const certificates = [...new Set(items.map(({ certificate }) => certificate))];
  const latest = new Map(
    (await table.many(certificates.map(latestKey))).map((item) => {
      const parsed = readItem(LatestItem, item, {
        key: latestKey(String(item.certificate)),
        name: 'InvalidRequest',
      });
      return [parsed.certificate, parsed];
    }),
  );
  const found = new Map(items.map((item) => [item.id, controlOf(item, latest.get(item.certificate))]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

const itemName = (id: string) => ({ key: rolloutKey(id), name: 'InvalidRequest' }) as const;

function controlOf(
  { latestSequence, source: _, ...control }: ControlItem,
  latest: LatestItem | undefined,
): RolloutControl {
  const isSuperseded = latest !== undefined && latest.sequence > (latestSequence ?? control.sequence);
  return { ...control, supersededBy: isSuperseded ? latest.current : null };
}

async function apply(table: RegistryTable, id: string, change: Change): Promise<void> {
  await table.update(rolloutKey(id), change);
}
