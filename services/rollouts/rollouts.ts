import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Source } from '../../core/deployment/source.ts';
import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import {
  type Change,
  createRegistryTable,
  type RegistryTable,
  readItem,
} from '../registry/registry-table.ts';
import {
  type Begun,
  beginRollout,
  type NewRollout,
  type Repetition,
  readCarriedSource,
  readExisting,
} from './rollout-begin.ts';
import {
  ControlItem,
  type ExistingRollout,
  expiryAfter,
  LatestItem,
  latestKey,
  listOf,
  rolloutKey,
} from './rollout-items.ts';
import { createQuestions, type Question, type Questions } from './rollout-questions.ts';

export type { Begun, Question };

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
  /** Deployments forward that ended badly: more of them than their requests tolerate let no further one begin. */
  readonly failures: number;
  /** As the latest plan of a wave had it, for people to read. */
  readonly tolerated: number;
  readonly outcome: RolloutOutcome | null;
  readonly summary: string | null;
  /** The execution's RedriveCount when it was halted last: a larger one says that a person wants it to go on. */
  readonly redriveCount: number;
  /** A person wants what it has changed put back. It stays wanted: it counts more than going on. */
  readonly putBack?: boolean | undefined;
}

/**
 * Rollouts: their order for a certificate, what lets a deployment begin, and questions to people. Every call may be
 * repeated by the same rollout and changes nothing the second time.
 *
 * `redriveCount` is what a task of the rollout's execution was given with its state: a call that comes after the rollout
 * was resumed by a later redrive does nothing. People's calls have none, and always count.
 */
export interface Rollouts extends Questions {
  /**
   * Gives a rollout its place. A whole one gets the certificate's next sequence number and supersedes the one before,
   * unless that one carries the same version (and has not been refused, superseded or rolled back) and `repeat` is not
   * said. With `onlyNew` not even where an earlier one has carried it, however that ended (unless it was refused). One
   * for a part keeps the current number, and supersedes nobody. One that was asked for before the certificate's latest,
   * and comes later, is superseded. Throws InvalidRequest when the id was another rollout's, or its execution has ended.
   *
   * Of several attempts the first to come decides which version it is, and the others are answered that one.
   */
  begin(rollout: NewRollout, how: Repetition): Promise<Begun>;
  /**
   * The execution of that name ends without having begun a rollout: nothing begins under it any more, though a task of it
   * that was given up for lost may still be at work. `startedAt`: when the execution started.
   */
  close(id: string, startedAt: string): Promise<void>;
  /** The rollout because of which `begin` returned `exists` to the execution of that name, and its version. */
  existing(id: string): Promise<ExistingRollout | null>;
  /** `supersededBy` is read off the certificate, so from the moment in which a newer one has begun. */
  control(id: string): Promise<RolloutControl | null>;
  /** Of one certificate, or of all; the latest first. */
  list(query?: { readonly certificate?: string; readonly limit?: number }): Promise<RolloutControl[]>;
  /** Where the bytes of a version are that a whole rollout of the certificate has carried; null when none has. */
  sourceOf(certificate: string, fingerprint: string): Promise<Source | null>;
  setTolerated(id: string, tolerated: number): Promise<void>;
  /**
   * By the graph or a person; the first reason stands, and one that rolls back goes on doing so. False when there is no
   * such rollout or it has ended.
   */
  halt(id: string, reason: string, redriveCount?: number): Promise<boolean>;
  /**
   * Halts it like a person, and has what it changed put back: by the execution while that goes on, else with its next
   * redrive (`outcome` is `halted` then). Null when there is no such rollout or it has ended.
   */
  putBack(id: string, reason: string): Promise<RolloutControl | null>;
  /** With a `redriveCount` not once the halt is recorded as the execution's end: a task that says it then comes late. */
  rollBack(id: string, redriveCount?: number): Promise<void>;
  /**
   * Lets a halted rollout go on: failures count from 0 again. Does nothing for a redrive that has been heeded before,
   * so one that repeats itself finds the status `running`.
   */
  resume(id: string, redriveCount: number): Promise<void>;
  /**
   * The first outcome stands, but `halted` is no end: the status is `halted`, also of one that was rolling back, and the
   * rollout can be resumed. One that is wanted put back, and has not turned back yet, does not end `halted`.
   */
  end(id: string, outcome: RolloutOutcome, summary: string, redriveCount?: number): Promise<void>;
}

/** How many a list has when nobody says. */
const defaultListed = 50;

/** Rollouts in the registry's table. */
export function createRollouts(documents: DynamoDBDocumentClient, registryTable: string): Rollouts {
  const table = createRegistryTable(documents, registryTable);
  const control = async (id: string) => (await controls(table, [id]))[0] ?? null;
  return {
    begin: (rollout, how) => beginRollout(table, rollout, how),
    control,
    async list({ certificate, limit = defaultListed } = {}) {
      const listed = await table.query(listOf(certificate), { limit, latestFirst: true });
      const ids = listed.map(({ id }) => String(id));
      return controls(table, ids);
    },
    async halt(id, reason, redriveCount) {
      if (await table.update(rolloutKey(id), unlessResumed(halting(reason), redriveCount))) return true;
      const found = await control(id);
      return found !== null && found.status !== 'ended';
    },
    sourceOf: (certificate, fingerprint) => readCarriedSource(table, { certificate, fingerprint }),
    existing: (id) => readExisting(table, id),
    close: (id, startedAt) => applied(table, id, closing(startedAt)),
    async putBack(id, reason) {
      const [halted, noted] = [haltingToPutBack(reason), notingToPutBack];
      // it may have been halted, or resumed, between two of these
      for (const change of [halted, noted, halted, noted]) {
        if (await table.update(rolloutKey(id), change)) return control(id);
      }
      return null;
    },
    setTolerated: (id, tolerated) => applied(table, id, tolerating(tolerated)),
    rollBack: (id, redriveCount) =>
      applied(table, id, redriveCount === undefined ? rollingBack : unlessResumed(goingBack, redriveCount)),
    resume: (id, redriveCount) => applied(table, id, resuming(redriveCount)),
    end: (id, outcome, summary, redriveCount) =>
      applied(table, id, unlessResumed(ending(outcome, summary), redriveCount)),
    ...createQuestions(table),
  };
}

/** In the order of the ids; those nobody knows (any more) are left out. */
async function controls(table: RegistryTable, ids: readonly string[]): Promise<RolloutControl[]> {
  const items = (await table.many([...new Set(ids)].map(rolloutKey)))
    .filter(({ id }) => id !== undefined)
    .map((item) => readItem(ControlItem, item, aboutRollout(String(item.id))));
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
  const found = new Map(items.map((item) => [item.id, withSuccessor(item, latest.get(item.certificate))]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

const aboutRollout = (id: string) => ({ key: rolloutKey(id), name: 'InvalidRequest' }) as const;

function withSuccessor(
  { knows, source: _, ...control }: ControlItem,
  latest: LatestItem | undefined,
): RolloutControl {
  const isOlder = latest !== undefined && latest.sequence > (knows ?? control.sequence);
  return { ...control, supersededBy: isOlder ? latest.current : null };
}

async function applied(table: RegistryTable, id: string, change: Change): Promise<void> {
  await table.update(rolloutKey(id), change);
}

const names = { '#status': 'status' };

function unlessResumed(change: Change, redriveCount: number | undefined): Change {
  if (redriveCount === undefined) return change;
  return {
    ...change,
    when: `${change.when} AND redriveCount <= :redrives`,
    values: { ...change.values, ':redrives': redriveCount },
  };
}

const halting = (reason: string): Change => ({
  expression: 'SET #status = :halted, reason = :reason',
  when: '#status = :running',
  names,
  values: { ':halted': 'halted', ':running': 'running', ':reason': reason },
});

const haltingToPutBack = (reason: string): Change => {
  const { expression, values, ...change } = halting(reason);
  return { ...change, expression: `${expression}, putBack = :true`, values: { ...values, ':true': true } };
};

const notingToPutBack: Change = {
  expression: 'SET putBack = :true',
  when: '#status IN (:halted, :back)',
  names,
  values: { ':halted': 'halted', ':back': 'rolling_back', ':true': true },
};

const closing = (startedAt: string): Change => ({
  expression: 'SET closed = :closed, expiresAt = :expiry',
  when: 'attribute_not_exists(id)',
  values: { ':closed': true, ':expiry': expiryAfter(startedAt) },
});

const tolerating = (tolerated: number): Change => ({
  expression: 'SET tolerated = :tolerated',
  when: 'attribute_exists(id)',
  values: { ':tolerated': tolerated },
});

const rollingBack: Change = {
  expression: 'SET #status = :back, outcome = :none, summary = :none',
  when: 'attribute_exists(id) AND #status <> :ended',
  names,
  values: { ':back': 'rolling_back', ':ended': 'ended', ':none': null },
};

/** The same as the graph says it: what has an outcome was halted for good, or has ended. */
const goingBack: Change = { ...rollingBack, when: `${rollingBack.when} AND outcome = :none` };

const resuming = (redriveCount: number): Change => ({
  expression:
    'SET #status = :running, failures = :zero, redriveCount = :count, reason = :none, outcome = :none, summary = :none',
  when: '#status = :halted AND redriveCount < :count',
  names,
  values: { ':running': 'running', ':halted': 'halted', ':zero': 0, ':count': redriveCount, ':none': null },
});

function ending(outcome: RolloutOutcome, summary: string): Change {
  const values = { ':outcome': outcome, ':summary': summary };
  if (outcome === 'halted') {
    return {
      expression: 'SET #status = :halted, outcome = :outcome, summary = :summary',
      when: '(#status = :back OR (#status = :halted AND attribute_not_exists(putBack)))',
      names,
      values: { ...values, ':halted': 'halted', ':back': 'rolling_back' },
    };
  }
  return {
    expression: 'SET #status = :ended, outcome = :outcome, summary = :summary',
    when: 'attribute_exists(id) AND #status <> :ended',
    names,
    values: { ...values, ':ended': 'ended' },
  };
}
