import { createHash } from 'node:crypto';
import * as z from 'zod/mini';

/**
 * An entry of `certKeyChain`, without its references, as texts. `chain` is absent if there is none. A profile without
 * `certKeyChain` has one entry without a name.
 */
export const Entry = z.record(z.string(), z.string());
export type Entry = z.infer<typeof Entry>;

/** One profile before and after the change. `after` is null if the deployment creates the objects it refers to. */
export const ProfilePlan = z.strictObject({
  /** `/Common/name` */
  path: z.string(),
  /** `certKeyChain` as an array, or the fields cert, key and chain: the device refuses both together (01b4002a:3). */
  form: z.enum(['entries', 'fields']),
  /** The name of the entry that changes. */
  entry: z.string(),
  before: z.array(Entry),
  after: z.nullable(z.array(Entry)),
});
export type ProfilePlan = z.infer<typeof ProfilePlan>;

/** Everything that restores the previous references. Names only: keys and certificates stay on the device. */
export const F5Plan = z.strictObject({
  v: z.literal(1),
  profiles: z.array(ProfilePlan),
  /** The names of the objects that `apply` creates; null for a rollback to objects that exist. */
  created: z.nullable(z.strictObject({ name: z.string(), chain: z.boolean() })),
});
export type F5Plan = z.infer<typeof F5Plan>;

/** Begins the names of everything that deployments of a target create. A target id may be longer than a name should be. */
export function prefixOf(targetId: string): string {
  return `certferry-${createHash('sha256').update(targetId).digest('hex').slice(0, 12)}-`;
}

/**
 * The names of uploaded files. They depend on the target alone, so that each job removes what a run that died has left,
 * also a dry run, which has no journal.
 */
export function uploadsOf(targetId: string): Readonly<Record<'key' | 'cert' | 'chain', string>> {
  const prefix = prefixOf(targetId);
  return { key: `${prefix}upload-key`, cert: `${prefix}upload-cert`, chain: `${prefix}upload-chain` };
}

/** Key and certificate have the same name in two collections; the chain is a second certificate. */
export function chainNameOf(name: string): string {
  return `${name}-chain`;
}

/** Version 13 appends an extension to the name of a new object, later versions do not. */
export const extensions = { 'ssl-key': '.key', 'ssl-cert': '.crt' } as const;
export type ObjectKind = keyof typeof extensions;

/** The paths that an object with this name can have. */
export function candidatePaths(partition: string, kind: ObjectKind, name: string): readonly string[] {
  return [`/${partition}/${name}`, `/${partition}/${name}${extensions[kind]}`];
}

/** Whether the profile refers to the key that a deployment of `plan` has created. */
export function refersToCreated({ created }: F5Plan, partition: string, entry: Entry | undefined): boolean {
  if (created === null || entry?.key === undefined) return false;
  return candidatePaths(partition, 'ssl-key', created.name).includes(entry.key);
}

const comparedFields = ['name', 'cert', 'key', 'chain'] as const;

/** Whether two lists of entries name the same objects. Other fields, such as the usage, do not count. */
export function sameReferences(one: readonly Entry[], other: readonly Entry[]): boolean {
  const referencesOf = (entries: readonly Entry[]) =>
    JSON.stringify(entries.map((entry) => comparedFields.map((field) => entry[field] ?? null)));
  return referencesOf(one) === referencesOf(other);
}

/** The entries with other objects in one of them. */
export function replaced(entries: readonly Entry[], name: string, next: Entry): Entry[] {
  return entries.map((entry) => {
    if (entry.name !== name) return entry;
    const { chain: _, ...kept } = entry;
    return { ...kept, ...next };
  });
}
