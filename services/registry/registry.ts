import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { HostKey } from '../../core/deployment/agent-line.ts';
import { RequestAction } from '../../core/deployment/deployment.ts';
import { Source } from '../../core/deployment/source.ts';

/** What the last request that got its target's lock wanted there. `fingerprint` is null for a rollback. */
export const Wanted = z.object({
  targetId: z.string(),
  certificate: z.string(),
  action: RequestAction,
  fingerprint: z.nullable(z.string()),
  source: z.nullable(Source),
  requestNumber: z.int(),
});
export type Wanted = z.infer<typeof Wanted>;

/**
 * What is known of hosts and targets. Items of the table `registry`, each with the service that reads and writes it:
 *
 * | pk                     | sk                  | attributes |
 * | ---------------------- | ------------------- | ---------- |
 * | `host#<id>`            | `key`               | kid, x (the X25519 public key to seal to next), toldAt |
 * | `target#<id>`          | `desired`           | certificate, action, fingerprint, source, requestNumber |
 * | `target#<id>`          | `installed`         | what its last deployment left (`installed.ts`) |
 * | `target#<id>`          | `config`            | certificate, autoScalingGroup, origin, revision: where the target stands (`catalogue-targets.ts`) |
 * | `certificate#<name>`   | `target#<id>`       | target, origin, revision |
 * | `targets`              | `<id>`              | lists all targets |
 * | `group#<name>`         | `<target id>`       | lists the targets of an Auto Scaling group |
 * | `certificate#<name>`   | `config`            | certificate, origin, revision (`catalogue-certificates.ts`) |
 * | `certificates`         | `<name>`            | lists all certificates |
 * | `source#<kind>#<what>` | `<certificate>`     | source: whom an event concerns; `what` is a secret's id, an ARN, `<bucket>/<key>` or a name |
 * | `certificate#<name>`   | `current`           | version, sequence: of the rollout that ended well last (`catalogue.ts`) |
 * | `certificate#<name>`   | `rollouts`          | certificate, sequence, current, fingerprint, startedAt: the latest whole rollout; never deleted (`rollout-begin.ts`) |
 * | `certificate#<name>`   | `version#<fp>`      | rollout: the last whole one that has carried the version; source; expiresAt |
 * | `rollout#<id>`         | `control`           | see `rollout-items.ts`; failures also by `rollout-failures.ts`; expiresAt |
 * | `rollout#<id>`         | `question#<wave>`   | taskToken, attempt, secretHash, askedAt, answer, expiresAt (`rollout-questions.ts`) |
 * | `rollouts`             | `<startedAt>#<id>`  | id, expiresAt: lists all rollouts |
 * | `rollouts#<name>`      | `<startedAt>#<id>`  | id, expiresAt: lists those of a certificate |
 *
 * The first two only move forward: a key told by a command sent earlier, or a wish with a smaller number, changes
 * nothing, so late and repeated calls are harmless. Items that list others are written in one transaction with what
 * they list.
 */
export interface Registry {
  hostKey(host: string): Promise<HostKey | null>;
  /** `sentAt`: ISO 8601, when the command that brought the key was sent. */
  rememberHostKey(host: string, key: HostKey, sentAt: string): Promise<void>;
  want(wanted: Wanted): Promise<void>;
  wanted(targetId: string): Promise<Wanted | null>;
}

const hostKeyOf = (host: string) => ({ pk: `host#${host}`, sk: 'key' });
export const wantedKey = (targetId: string) => ({ pk: `target#${targetId}`, sk: 'desired' });

/** The registry in the table named `table`. */
export function createRegistry(documents: DynamoDBDocumentClient, table: string): Registry {
  const get = async (Key: Record<string, string>) =>
    (await documents.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))).Item;
  const putUnlessNewer = (Item: Record<string, unknown>, by: string) =>
    unlessRefused(
      documents.send(
        new PutCommand({
          TableName: table,
          Item,
          ConditionExpression: 'attribute_not_exists(pk) OR #by <= :by',
          ExpressionAttributeNames: { '#by': by },
          ExpressionAttributeValues: { ':by': Item[by] },
        }),
      ),
    );
  return {
    async hostKey(host) {
      const item = await get(hostKeyOf(host));
      return item === undefined ? null : HostKey.parse({ kid: item.kid, x: item.x });
    },
    rememberHostKey: (host, key, sentAt) =>
      putUnlessNewer({ ...hostKeyOf(host), ...key, toldAt: sentAt }, 'toldAt'),
    want: (wanted) => putUnlessNewer({ ...wantedKey(wanted.targetId), ...wanted }, 'requestNumber'),
    async wanted(targetId) {
      const item = await get(wantedKey(targetId));
      return item === undefined ? null : Wanted.parse(item);
    },
  };
}

async function unlessRefused(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
