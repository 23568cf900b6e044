import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb';
import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { CompactEncrypt } from 'jose/jwe/compact/encrypt';
import * as z from 'zod/mini';
import type { Clock } from '../../core/clock.ts';
import { Bundle, Fingerprint } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import type { DataKeys, Purpose } from './data-keys.ts';

/** The version of a copy. `notAfter`: expiry of the leaf, in epoch seconds. */
export interface KeptVersion {
  readonly fingerprint: string;
  readonly notAfter: number;
}

/** `needed`: fingerprints of the installed version and of others that a rollback may need. They are never removed. */
export interface Copy {
  readonly version: KeptVersion;
  readonly bundle: Bundle;
  readonly needed: readonly string[];
}

/**
 * Sealed copies of bundles, for targets in a store that returns no keys, if the source keeps no previous version. Each copy
 * is encrypted with a data key of its own, so the table has neither a key nor a bundle that it could open.
 *
 * A target has at most {@link maximumCopies}, besides those that it needs. A copy is removed when it is not needed for a rollback any more; after the
 * expiry of its leaf, DynamoDB deletes it.
 */
export interface KeptBundles {
  /** Null if there is no copy. @throws CertferryError CredentialUnavailable if the copy cannot be opened */
  find(targetId: string, fingerprint: string): Promise<Bundle | null>;
  /** All copies of a target, latest first. @throws CertferryError CredentialUnavailable if one cannot be opened */
  all(targetId: string): Promise<Bundle[]>;
  /** Returns when the copy is durable. Call it before the bundle is installed. */
  keep(targetId: string, copy: Copy): Promise<void>;
  /** Removes the copies of all other versions. */
  retain(targetId: string, fingerprints: readonly string[]): Promise<void>;
}

/** The previous, the installed and the next version, and one of a deployment that failed. */
export const maximumCopies = 4;

const Item = z.object({
  targetId: z.string(),
  fingerprint: Fingerprint,
  sealedKey: z.string(),
  sealed: z.string(),
  keptAt: z.number(),
});
type Item = z.infer<typeof Item>;

interface Access {
  readonly documents: DynamoDBDocumentClient;
  /** The table `registry`. */
  readonly table: string;
  readonly keys: DataKeys;
  readonly clock: Clock;
}

const partitionOf = (targetId: string) => `kept#${targetId}`;
const keyOf = (targetId: string, fingerprint: string) => ({ pk: partitionOf(targetId), sk: fingerprint });
const purposeOf = (targetId: string, fingerprint: string): Purpose => ({
  'certferry:target': targetId,
  'certferry:version': fingerprint,
});

/** Copies in the table `registry`. */
export function createKeptBundles(access: Access): KeptBundles {
  const { documents, table, keys, clock } = access;
  return {
    async find(targetId, fingerprint) {
      const Key = keyOf(targetId, fingerprint);
      const found = await documents.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      return found.Item === undefined ? null : open(keys, Item.parse(found.Item));
    },
    async all(targetId) {
      const copies = latestFirst(await copiesOf(access, targetId));
      return Promise.all(copies.map((copy) => open(keys, copy)));
    },
    async keep(targetId, { version: { fingerprint, notAfter }, bundle, needed }) {
      const others = (await copiesOf(access, targetId)).filter((copy) => copy.fingerprint !== fingerprint);
      const { plain, sealed: sealedKey } = await keys.create(purposeOf(targetId, fingerprint));
      // later than every other copy, also within the same millisecond
      const keptAt = Math.max(clock.now().getTime(), ...others.map((copy) => copy.keptAt + 1));
      const item: Item = { targetId, fingerprint, sealedKey, sealed: await seal(bundle, plain), keptAt };
      const expiresAt = Math.ceil(notAfter);
      const Put = { ...keyOf(targetId, fingerprint), ...item, expiresAt };
      await documents.send(new PutCommand({ TableName: table, Item: Put }));
      const newest = latestFirst(others).slice(0, maximumCopies - 1);
      await removeAllBut(access, others, [...needed, ...newest.map((copy) => copy.fingerprint)]);
    },
    async retain(targetId, fingerprints) {
      await removeAllBut(access, await copiesOf(access, targetId), fingerprints);
    },
  };
}

const latestFirst = (copies: readonly Item[]): Item[] =>
  copies.toSorted((one, other) => other.keptAt - one.keptAt);

async function copiesOf({ documents, table }: Access, targetId: string): Promise<Item[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': partitionOf(targetId) },
    ConsistentRead: true,
  };
  const items: Item[] = [];
  for await (const page of paginateQuery({ client: documents }, query)) {
    items.push(...(page.Items ?? []).map((item) => Item.parse(item)));
  }
  return items;
}

async function removeAllBut(
  { documents, table }: Access,
  copies: readonly Item[],
  fingerprints: readonly string[],
): Promise<void> {
  for (const { targetId, fingerprint } of copies) {
    if (fingerprints.includes(fingerprint)) continue;
    await documents.send(new DeleteCommand({ TableName: table, Key: keyOf(targetId, fingerprint) }));
  }
}

async function seal(bundle: Bundle, key: Uint8Array): Promise<string> {
  const { leaf, chain, key: privateKey } = bundle;
  const text = JSON.stringify({ leaf, chain, key: privateKey });
  return await new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })
    .encrypt(key);
}

/** The error has no cause that could quote the content. */
async function open(keys: DataKeys, { targetId, fingerprint, sealedKey, sealed }: Item): Promise<Bundle> {
  try {
    const key = await keys.open(sealedKey, purposeOf(targetId, fingerprint));
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return Bundle.parse(JSON.parse(new TextDecoder().decode(plaintext)));
  } catch (error) {
    const why = error instanceof Error ? error.name : 'unknown error';
    throw new CertferryError(
      'CredentialUnavailable',
      `The kept copy of ${fingerprint} for target ${targetId} cannot be opened (${why}). Check that the function may use the key of the stack.`,
      { details: { targetId, fingerprint } },
    );
  }
}
