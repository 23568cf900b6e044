import { Source } from '../../core/deployment/source.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';
import type { Item, RegistryTable, Writes } from '../registry/registry-table.ts';
import { readItem } from '../registry/registry-table.ts';
import {
  ControlItem,
  carrierKey,
  ExistingRollout,
  expiryAfter,
  LatestItem,
  latestKey,
  listOf,
  rolloutKey,
} from './rollout-items.ts';

/** How beginning a rollout ended. `exists`: this version is being, or has been, rolled out by another one. */
export type Begun =
  | { readonly type: 'begun'; readonly sequence: number; readonly version: CarriedVersion }
  | { readonly type: 'exists'; readonly by: string }
  | { readonly type: 'superseded'; readonly by: string };

/** The version that a rollout carries since its beginning. */
export type CarriedVersion = Pick<Rollout['version'], 'fingerprint' | 'source'>;

/** Whether a version may be rolled out once more: in any case, or (`onlyNew`) never. */
export interface Repetition {
  readonly repeat: boolean;
  readonly onlyNew?: boolean;
  /** A rollout that has broken off: that it carries the version is no reason not to begin. */
  readonly brokeOff?: string;
}

/** What is asked of a rollout before it has its place. */
export type NewRollout = Pick<
  Rollout,
  'id' | 'executionArn' | 'startedAt' | 'certificate' | 'version' | 'only' | 'strategy'
>;

/** Rollouts.begin (`rollouts.ts`): one transaction, conditional on the certificate's latest rollout being the one seen. */
export function beginRollout(
  table: RegistryTable,
  rollout: NewRollout,
  { repeat, onlyNew = false, brokeOff }: Repetition,
): Promise<Begun> {
  return table.transact(async () => {
    const [own, latest] = await Promise.all([
      readOwn(table, rollout.id),
      readLatest(table, rollout.certificate),
    ]);
    if (own !== null) return beginAgain(rollout, own);
    if (rollout.only !== null) return beginPart(table, rollout, latest);
    const carrier = repeat ? null : await carrierOf(table, rollout, { latest, onlyNew });
    if (carrier !== null && carrier !== brokeOff) return existing(table, rollout, carrier);
    if (latest !== null && latest.startedAt > rollout.startedAt) return superseded(latest);
    return beginWhole(table.name, rollout, latest);
  });
}

/** The rollout because of which this version is not rolled out (again). */
async function carrierOf(
  table: RegistryTable,
  rollout: NewRollout,
  { latest, onlyNew }: { readonly latest: LatestItem | null; readonly onlyNew: boolean },
): Promise<string | null> {
  const standing = latest === null ? null : await readControlItem(table, latest.current);
  if (standing !== null && carries(standing, rollout)) return standing.id;
  return onlyNew ? readCarrier(table, rollout) : null;
}

/** Null when there is none: a count of failures alone (`rollout-failures.ts`) is no rollout. */
export async function readControlItem(table: RegistryTable, id: string): Promise<ControlItem | null> {
  return controlIn(await table.get(rolloutKey(id)), id);
}

function controlIn(item: Item | null, id: string): ControlItem | null {
  return item?.id === undefined
    ? null
    : readItem(ControlItem, item, { key: rolloutKey(id), name: 'InvalidRequest' });
}

/** As {@link readControlItem}. Throws InvalidRequest where the execution has ended without a rollout (Rollouts.close). */
async function readOwn(table: RegistryTable, id: string): Promise<ControlItem | null> {
  const item = await table.get(rolloutKey(id));
  if (item?.closed !== true) return controlIn(item, id);
  throw new CertferryError('InvalidRequest', `the execution ${id} has ended: no rollout begins in it`, {
    details: { rollout: id },
  });
}

async function readLatest(table: RegistryTable, certificate: string): Promise<LatestItem | null> {
  const key = latestKey(certificate);
  const item = await table.get(key);
  return item === null ? null : readItem(LatestItem, item, { key, name: 'InvalidRequest' });
}

/** The last whole rollout that has carried the version; null when none has, or it was refused. */
async function readCarrier(
  table: RegistryTable,
  { certificate, version }: NewRollout,
): Promise<string | null> {
  const item = await table.get(carrierKey(certificate, version.fingerprint));
  if (item === null) return null;
  const by = String(item.rollout);
  return (await readControlItem(table, by))?.outcome === 'refused' ? null : by;
}

/** Where the bytes of a version are that a whole rollout has carried; null when none has (that is remembered). */
export async function readCarriedSource(
  table: RegistryTable,
  { certificate, fingerprint }: { readonly certificate: string; readonly fingerprint: string },
): Promise<Source | null> {
  const key = carrierKey(certificate, fingerprint);
  const source = (await table.get(key))?.source;
  return source === undefined ? null : readItem(Source, source, { key, name: 'InvalidRequest' });
}

const undone: ReadonlySet<string | null> = new Set([
  'refused',
  'superseded',
  'rolled_back',
  'rollback_incomplete',
]);

/** A halted one still carries it: it goes on when a person says so. */
function carries(standing: ControlItem, { version }: NewRollout): boolean {
  return standing.fingerprint === version.fingerprint && !undone.has(standing.outcome);
}

/** Notes on the execution's item which version was not rolled out again, for the state that records the outcome. */
async function existing(
  table: RegistryTable,
  { id, startedAt, version }: NewRollout,
  by: string,
): Promise<Writes<Begun>> {
  const result: Begun = { type: 'exists', by };
  const noted = await readExisting(table, id);
  if (noted?.rolloutId === by && noted.fingerprint === version.fingerprint) return nothing(result);
  const Update = {
    TableName: table.name,
    Key: rolloutKey(id),
    ConditionExpression: 'attribute_not_exists(id) AND attribute_not_exists(closed)',
    UpdateExpression: 'SET existing = :existing, expiresAt = :expiry',
    ExpressionAttributeValues: {
      ':existing': { rolloutId: by, fingerprint: version.fingerprint },
      ':expiry': expiryAfter(startedAt),
    },
  };
  return { result, actions: [{ Update }] };
}

/** Rollouts.existing (`rollouts.ts`). */
export async function readExisting(table: RegistryTable, id: string): Promise<ExistingRollout | null> {
  const key = rolloutKey(id);
  const noted = (await table.get(key))?.existing;
  return noted === undefined ? null : readItem(ExistingRollout, noted, { key, name: 'InvalidRequest' });
}

const nothing = (result: Begun): Writes<Begun> => ({ result, actions: [] });
/** One that was asked for later has begun sooner: its sources answered sooner. */
const superseded = ({ current }: LatestItem) => nothing({ type: 'superseded', by: current });

/** Another attempt has begun it: its answer was lost, or it is still on its way. What that one found is what it carries. */
function beginAgain(rollout: NewRollout, own: ControlItem): Writes<Begun> {
  if (own.startedAt !== rollout.startedAt && own.status === 'ended') {
    throw new CertferryError(
      'InvalidRequest',
      `"${rollout.id}" is the name of a rollout that began at ${own.startedAt} and has ended: start this one under another name`,
      { details: { rollout: rollout.id } },
    );
  }
  const { fingerprint, source, sequence } = own;
  const version = source === undefined ? rollout.version : { fingerprint, source };
  return nothing({ type: 'begun', sequence, version: carried(version) });
}

const carried = ({ fingerprint, source }: CarriedVersion): CarriedVersion => ({ fingerprint, source });

/**
 * A part comes after everything before it. But while another version is being rolled out, one with an older version (a new
 * instance gets what is current) takes the place before that rollout: it cannot undo what that has done.
 */
async function beginPart(
  table: RegistryTable,
  rollout: NewRollout,
  latest: LatestItem | null,
): Promise<Writes<Begun>> {
  const TableName = table.name;
  const isOther = latest !== null && latest.fingerprint !== rollout.version.fingerprint;
  const standing = isOther ? await readControlItem(table, latest.current) : null;
  const knows = latest?.sequence ?? 0;
  const sequence = standing?.status === 'running' ? knows - 1 : knows;
  const ConditionCheck = { TableName, Key: latestKey(rollout.certificate), ...asSeen(latest) };
  return {
    result: { type: 'begun', sequence, version: carried(rollout.version) },
    actions: [{ ConditionCheck }, ...newItems(TableName, rollout, { sequence, knows })],
  };
}

function beginWhole(TableName: string, rollout: NewRollout, latest: LatestItem | null): Writes<Begun> {
  const sequence = (latest?.sequence ?? 0) + 1;
  const { id, certificate, startedAt, version } = rollout;
  const item: LatestItem = {
    certificate,
    sequence,
    current: id,
    fingerprint: version.fingerprint,
    startedAt,
  };
  const Put = { TableName, Item: { ...latestKey(certificate), ...item }, ...asSeen(latest) };
  return {
    result: { type: 'begun', sequence, version: carried(rollout.version) },
    actions: [{ Put }, carrying(TableName, rollout), ...newItems(TableName, rollout, { sequence })],
  };
}

/** Notes which rollout has carried the version last, and where its bytes are. */
function carrying(TableName: string, { id, certificate, version, startedAt }: NewRollout) {
  const key = carrierKey(certificate, version.fingerprint);
  return {
    Put: {
      TableName,
      Item: { ...key, rollout: id, source: version.source, expiresAt: expiryAfter(startedAt) },
    },
  };
}

/** The condition that no other rollout of the certificate has begun since it was read. */
function asSeen(latest: LatestItem | null) {
  if (latest === null) return { ConditionExpression: 'attribute_not_exists(pk)' };
  return {
    ConditionExpression: '#sequence = :seen',
    ExpressionAttributeNames: { '#sequence': 'sequence' },
    ExpressionAttributeValues: { ':seen': latest.sequence },
  };
}

function newItems(TableName: string, rollout: NewRollout, place: Pick<ControlItem, 'sequence' | 'knows'>) {
  const { id, executionArn, certificate, startedAt, version, strategy } = rollout;
  const control: ControlItem = {
    id,
    executionArn,
    certificate,
    ...carried(version),
    ...place,
    startedAt,
    status: 'running',
    reason: null,
    failures: 0,
    // a percentage is turned into a number when the targets are known
    tolerated: typeof strategy.toleratedFailures === 'number' ? strategy.toleratedFailures : 0,
    outcome: null,
    summary: null,
    redriveCount: 0,
  };
  const expiresAt = expiryAfter(startedAt);
  const listed = { sk: `${startedAt}#${id}`, id, expiresAt };
  return [
    {
      Put: {
        TableName,
        Item: { ...rolloutKey(id), ...control, expiresAt },
        ConditionExpression: 'attribute_not_exists(id) AND attribute_not_exists(closed)',
      },
    },
    { Put: { TableName, Item: { pk: listOf(certificate), ...listed } } },
    { Put: { TableName, Item: { pk: listOf(), ...listed } } },
  ];
}
