import { Source } from '../../core/deployment/source.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';
import type { Item, RegistryTable, Writes } from '../registry/registry-table.ts';
import { readItem } from '../registry/registry-table.ts';
import {
  ControlItem,
  ExistingRollout,
  expiryOf,
  LatestItem,
  latestKey,
  listPartition,
  rolloutKey,
  versionKey,
} from './rollout-items.ts';

/** `exists`: rollout `by` deploys, or has deployed, this version. `superseded`: rollout `by` was requested later. */
export type BeginResult =
  | { readonly type: 'started'; readonly sequence: number; readonly version: RolloutVersion }
  | { readonly type: 'exists'; readonly by: string }
  | { readonly type: 'superseded'; readonly by: string };

/** The version of a rollout, fixed when it starts. */
export type RolloutVersion = Pick<Rollout['version'], 'fingerprint' | 'source'>;

/** Whether a version may be rolled out again: always (`repeat`), or never (`onlyNew`). */
export interface RepeatOptions {
  readonly repeat: boolean;
  readonly onlyNew?: boolean;
  /** Id of a rollout whose execution has broken off: it does not prevent a new one of the same version. */
  readonly brokeOff?: string;
}

/** A rollout before it has a sequence number. */
export type NewRollout = Pick<
  Rollout,
  'id' | 'executionArn' | 'startedAt' | 'certificate' | 'version' | 'only' | 'strategy'
>;

/** Implements Rollouts.begin: one transaction, conditional on the certificate's latest rollout being unchanged. */
export function beginRollout(
  table: RegistryTable,
  rollout: NewRollout,
  { repeat, onlyNew = false, brokeOff }: RepeatOptions,
): Promise<BeginResult> {
  return table.transact(async () => {
    const [own, latest] = await Promise.all([
      readOwn(table, rollout.id),
      readLatest(table, rollout.certificate),
    ]);
    if (own !== null) return repeatBegin(rollout, own);
    if (rollout.only !== null) return beginPart(table, rollout, latest);
    const existing = repeat ? null : await rolloutOfVersion(table, rollout, { latest, onlyNew });
    if (existing !== null && existing !== brokeOff) return recordExisting(table, rollout, existing);
    if (latest !== null && latest.startedAt > rollout.startedAt) return superseded(latest);
    return beginFull(table.name, rollout, latest);
  });
}

/** The id of the rollout that makes a new one of this version unnecessary; null when there is none. */
async function rolloutOfVersion(
  table: RegistryTable,
  rollout: NewRollout,
  { latest, onlyNew }: { readonly latest: LatestItem | null; readonly onlyNew: boolean },
): Promise<string | null> {
  const newest = latest === null ? null : await readControlItem(table, latest.current);
  if (newest !== null && deploysVersion(newest, rollout)) return newest.id;
  return onlyNew ? readRolloutOfVersion(table, rollout) : null;
}

/** Null when there is none. An item with a count of failures alone (`count-failure.ts`) is not a rollout. */
export async function readControlItem(table: RegistryTable, id: string): Promise<ControlItem | null> {
  return controlItemIn(await table.get(rolloutKey(id)), id);
}

function controlItemIn(item: Item | null, id: string): ControlItem | null {
  return item?.id === undefined
    ? null
    : readItem(ControlItem, item, { key: rolloutKey(id), name: 'InvalidRequest' });
}

/** As readControlItem. @throws CertferryError InvalidRequest if the execution ended without a rollout (Rollouts.close) */
async function readOwn(table: RegistryTable, id: string): Promise<ControlItem | null> {
  const item = await table.get(rolloutKey(id));
  if (item?.closed !== true) return controlItemIn(item, id);
  throw new CertferryError(
    'InvalidRequest',
    `rollout ${id} cannot start: its execution has already ended. Start a new rollout.`,
    { details: { rollout: id } },
  );
}

/** The latest full rollout of a certificate; null before the first one. */
export async function readLatest(table: RegistryTable, certificate: string): Promise<LatestItem | null> {
  const key = latestKey(certificate);
  const item = await table.get(key);
  return item === null ? null : readItem(LatestItem, item, { key, name: 'InvalidRequest' });
}

/** The last full rollout of the version; null when there is none, or it was refused. */
async function readRolloutOfVersion(
  table: RegistryTable,
  { certificate, version }: NewRollout,
): Promise<string | null> {
  const item = await table.get(versionKey(certificate, version.fingerprint));
  if (item === null) return null;
  const id = String(item.rollout);
  return (await readControlItem(table, id))?.outcome === 'refused' ? null : id;
}

/** The source location of a version that a full rollout has deployed; null when no such rollout is known. */
export async function readSourceOfVersion(
  table: RegistryTable,
  { certificate, fingerprint }: { readonly certificate: string; readonly fingerprint: string },
): Promise<Source | null> {
  const key = versionKey(certificate, fingerprint);
  const source = (await table.get(key))?.source;
  return source === undefined ? null : readItem(Source, source, { key, name: 'InvalidRequest' });
}

/** After these outcomes a version may be rolled out again without `repeat`. */
const withoutEffect: ReadonlySet<string | null> = new Set([
  'refused',
  'superseded',
  'rolled_back',
  'rollback_incomplete',
]);

/** A halted rollout counts: an operator can resume it. */
function deploysVersion(newest: ControlItem, { version }: NewRollout): boolean {
  return newest.fingerprint === version.fingerprint && !withoutEffect.has(newest.outcome);
}

/** Records on the execution's item which version exists already, for the state that records the outcome. */
async function recordExisting(
  table: RegistryTable,
  { id, startedAt, version }: NewRollout,
  by: string,
): Promise<Writes<BeginResult>> {
  const result: BeginResult = { type: 'exists', by };
  const recorded = await readExisting(table, id);
  if (recorded?.rolloutId === by && recorded.fingerprint === version.fingerprint) return noWrites(result);
  const Update = {
    TableName: table.name,
    Key: rolloutKey(id),
    ConditionExpression: 'attribute_not_exists(id) AND attribute_not_exists(closed)',
    UpdateExpression: 'SET existing = :existing, expiresAt = :expiry',
    ExpressionAttributeValues: {
      ':existing': { rolloutId: by, fingerprint: version.fingerprint },
      ':expiry': expiryOf(startedAt),
    },
  };
  return { result, actions: [{ Update }] };
}

/** Implements Rollouts.existing. */
export async function readExisting(table: RegistryTable, id: string): Promise<ExistingRollout | null> {
  const key = rolloutKey(id);
  const existing = (await table.get(key))?.existing;
  return existing === undefined ? null : readItem(ExistingRollout, existing, { key, name: 'InvalidRequest' });
}

const noWrites = (result: BeginResult): Writes<BeginResult> => ({ result, actions: [] });
/** A rollout that was requested later has started first, for example because its source responded sooner. */
const superseded = ({ current }: LatestItem) => noWrites({ type: 'superseded', by: current });

/** Another attempt has started the rollout. Its version counts, whatever this attempt has found. */
function repeatBegin(rollout: NewRollout, own: ControlItem): Writes<BeginResult> {
  if (own.startedAt !== rollout.startedAt && own.status === 'ended') {
    throw new CertferryError(
      'InvalidRequest',
      `the name "${rollout.id}" is taken: a rollout of that name started at ${own.startedAt} and has ended. Start this rollout under another name.`,
      { details: { rollout: rollout.id } },
    );
  }
  const { fingerprint, source, sequence } = own;
  const version = source === undefined ? rollout.version : { fingerprint, source };
  return noWrites({ type: 'started', sequence, version: versionOnly(version) });
}

const versionOnly = ({ fingerprint, source }: RolloutVersion): RolloutVersion => ({ fingerprint, source });

/**
 * A rollout for a part comes after all earlier rollouts. Exception: while a rollout of another version runs, the part gets
 * the sequence before that one, so that it cannot overwrite what the running rollout has deployed.
 */
async function beginPart(
  table: RegistryTable,
  rollout: NewRollout,
  latest: LatestItem | null,
): Promise<Writes<BeginResult>> {
  const TableName = table.name;
  const isOther = latest !== null && latest.fingerprint !== rollout.version.fingerprint;
  const newest = isOther ? await readControlItem(table, latest.current) : null;
  const latestSequence = latest?.sequence ?? 0;
  const sequence = newest?.status === 'running' ? latestSequence - 1 : latestSequence;
  const ConditionCheck = { TableName, Key: latestKey(rollout.certificate), ...isUnchanged(latest) };
  return {
    result: { type: 'started', sequence, version: versionOnly(rollout.version) },
    actions: [{ ConditionCheck }, ...newItems(TableName, rollout, { sequence, latestSequence })],
  };
}

function beginFull(TableName: string, rollout: NewRollout, latest: LatestItem | null): Writes<BeginResult> {
  const sequence = (latest?.sequence ?? 0) + 1;
  const { id, certificate, startedAt, version } = rollout;
  const item: LatestItem = {
    certificate,
    sequence,
    current: id,
    fingerprint: version.fingerprint,
    startedAt,
  };
  const Put = { TableName, Item: { ...latestKey(certificate), ...item }, ...isUnchanged(latest) };
  return {
    result: { type: 'started', sequence, version: versionOnly(rollout.version) },
    actions: [{ Put }, versionPut(TableName, rollout), ...newItems(TableName, rollout, { sequence })],
  };
}

/** Records the last full rollout of the version and its source location. */
function versionPut(TableName: string, { id, certificate, version, startedAt }: NewRollout) {
  const key = versionKey(certificate, version.fingerprint);
  return {
    Put: {
      TableName,
      Item: { ...key, rollout: id, source: version.source, expiresAt: expiryOf(startedAt) },
    },
  };
}

/** The condition that no other full rollout of the certificate has started since `latest` was read. */
function isUnchanged(latest: LatestItem | null) {
  if (latest === null) return { ConditionExpression: 'attribute_not_exists(pk)' };
  return {
    ConditionExpression: '#sequence = :seen',
    ExpressionAttributeNames: { '#sequence': 'sequence' },
    ExpressionAttributeValues: { ':seen': latest.sequence },
  };
}

function newItems(
  TableName: string,
  rollout: NewRollout,
  order: Pick<ControlItem, 'sequence' | 'latestSequence'>,
) {
  const { id, executionArn, certificate, startedAt, version, strategy } = rollout;
  const control: ControlItem = {
    id,
    executionArn,
    certificate,
    ...versionOnly(version),
    ...order,
    startedAt,
    status: 'running',
    reason: null,
    failures: 0,
    // a percentage becomes a number when the targets have been resolved
    tolerated: typeof strategy.toleratedFailures === 'number' ? strategy.toleratedFailures : 0,
    outcome: null,
    summary: null,
    redriveCount: 0,
  };
  const expiresAt = expiryOf(startedAt);
  const listItem = { sk: `${startedAt}#${id}`, id, expiresAt };
  return [
    {
      Put: {
        TableName,
        Item: { ...rolloutKey(id), ...control, expiresAt },
        ConditionExpression: 'attribute_not_exists(id) AND attribute_not_exists(closed)',
      },
    },
    { Put: { TableName, Item: { pk: listPartition(certificate), ...listItem } } },
    { Put: { TableName, Item: { pk: listPartition(), ...listItem } } },
  ];
}
