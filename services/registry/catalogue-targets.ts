import * as z from 'zod/mini';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import {
  type Entry,
  groupKey,
  ifUnchanged,
  type Origin,
  pointerKey,
  Registered,
  requireOwn,
  targetKey,
  targetListKey,
  targetPrefix,
} from './catalogue-items.ts';
import { type Item, type RegistryTable, readItem } from './registry-table.ts';

/** Registered targets. */
export interface Targets {
  target(id: string): Promise<Entry<RegisteredTarget> | null>;
  /** Of one certificate, or all; in the order of their ids. */
  targets(certificate?: string): Promise<Entry<RegisteredTarget>[]>;
  /** Moves the target if its certificate has changed. Throws InvalidRequest if the other origin has registered it. */
  putTarget(target: RegisteredTarget, origin: Origin): Promise<void>;
  removeTarget(id: string): Promise<void>;
  /** Targets on this Auto Scaling group. */
  targetsOfGroup(autoScalingGroup: string): Promise<RegisteredTarget[]>;
}

const TargetItem = z.object({ ...Registered.shape, target: RegisteredTarget });
type TargetItem = z.infer<typeof TargetItem>;

/** The facts about a target that are needed to remove all of its items. */
const Pointer = z.object({
  ...Registered.shape,
  certificate: z.string(),
  autoScalingGroup: z.nullable(z.string()),
});
type Pointer = z.infer<typeof Pointer>;

/** Targets in the registry's table. */
export function createTargets(table: RegistryTable): Targets {
  return {
    async target(id) {
      const [found] = await targetsById(table, [id]);
      return found ?? null;
    },
    async targets(certificate) {
      if (certificate === undefined) {
        const ids = (await table.query('targets')).map(({ sk }) => String(sk));
        return targetsById(table, ids);
      }
      const { pk } = targetKey(certificate, '');
      return (await table.query(pk, { prefix: targetPrefix })).map((item) => entry(readTarget(item)));
    },
    putTarget: (target, origin) =>
      table.transact(async () => {
        const stored = await readPointer(table, target.id);
        requireOwn(stored, origin, `target ${target.id}`);
        return { result: undefined, actions: putActions(table.name, { stored, target, origin }) };
      }),
    removeTarget: (id) =>
      table.transact(async () => {
        const stored = await readPointer(table, id);
        return { result: undefined, actions: stored === null ? [] : removeActions(table.name, id, stored) };
      }),
    async targetsOfGroup(autoScalingGroup) {
      const { pk } = groupKey(autoScalingGroup, '');
      const ids = (await table.query(pk)).map(({ sk }) => String(sk));
      return (await targetsById(table, ids)).map(({ thing }) => thing);
    },
  };
}

/** How often a target may move to another certificate between the two reads. */
const maximumMoves = 5;

/** In the order of the ids. Ids that are not registered are omitted. */
async function targetsById(table: RegistryTable, ids: readonly string[]): Promise<Entry<RegisteredTarget>[]> {
  const found = new Map<string, TargetItem>();
  let remaining = ids;
  for (let round = 0; remaining.length > 0 && round < maximumMoves; round += 1) {
    const pointers = await table.many(remaining.map(pointerKey));
    const keys = pointers.map((item) => targetKey(String(item.certificate), idOf(item)));
    for (const item of await table.many(keys)) {
      const target = readTarget(item);
      found.set(target.target.id, target);
    }
    // a pointer without a target: the target was moved or removed between the two reads
    remaining = pointers.map(idOf).filter((id) => !found.has(id));
  }
  return ids.flatMap((id) => {
    const item = found.get(id);
    return item === undefined ? [] : [entry(item)];
  });
}

const idOf = ({ pk }: Item) => String(pk).slice(targetPrefix.length);

async function readPointer(table: RegistryTable, id: string): Promise<Pointer | null> {
  const key = pointerKey(id);
  const item = await table.get(key);
  return item === null ? null : readItem(Pointer, item, { key, name: 'InvalidTarget' });
}

function readTarget(item: Item): TargetItem {
  const key = { pk: String(item.pk), sk: String(item.sk) };
  return readItem(TargetItem, item, { key, name: 'InvalidTarget' });
}

const entry = ({ target, origin }: TargetItem): Entry<RegisteredTarget> => ({ thing: target, origin });

interface PutInput {
  readonly stored: Pointer | null;
  readonly target: RegisteredTarget;
  readonly origin: Origin;
}

function putActions(TableName: string, { stored, target, origin }: PutInput) {
  const { id, certificate } = target;
  const autoScalingGroup = groupOf(target);
  const registered = { origin, revision: (stored?.revision ?? 0) + 1 };
  const pointer: Pointer = { ...registered, certificate, autoScalingGroup };
  return [
    { Put: { TableName, Item: { ...pointerKey(id), ...pointer }, ...ifUnchanged(stored?.revision ?? null) } },
    { Put: { TableName, Item: { ...targetKey(certificate, id), ...registered, target } } },
    { Put: { TableName, Item: targetListKey(id) } },
    ...removePrevious(TableName, id, { stored, certificate, autoScalingGroup }),
    ...(autoScalingGroup === null ? [] : [{ Put: { TableName, Item: groupKey(autoScalingGroup, id) } }]),
  ];
}

function removeActions(TableName: string, id: string, stored: Pointer) {
  return [
    { Delete: { TableName, Key: pointerKey(id), ...ifUnchanged(stored.revision) } },
    { Delete: { TableName, Key: targetListKey(id) } },
    ...removePrevious(TableName, id, { stored, certificate: null, autoScalingGroup: null }),
  ];
}

interface PreviousItems {
  readonly stored: Pointer | null;
  readonly certificate: string | null;
  readonly autoScalingGroup: string | null;
}

/** Deletes the items of the target under its previous certificate and group. */
function removePrevious(
  TableName: string,
  id: string,
  { stored, certificate, autoScalingGroup }: PreviousItems,
) {
  if (stored === null) return [];
  const hasMoved = stored.certificate !== certificate;
  const group = stored.autoScalingGroup === autoScalingGroup ? null : stored.autoScalingGroup;
  return [
    ...(hasMoved ? [{ Delete: { TableName, Key: targetKey(stored.certificate, id) } }] : []),
    ...(group === null ? [] : [{ Delete: { TableName, Key: groupKey(group, id) } }]),
  ];
}

function groupOf({ host }: RegisteredTarget): string | null {
  return typeof host === 'object' && 'autoScalingGroup' in host ? host.autoScalingGroup : null;
}
