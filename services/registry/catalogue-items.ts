import * as z from 'zod/mini';
import type { CertificateSource } from '../../core/deployment/source.ts';
import { CertferryError } from '../../core/errors.ts';

/** What registered an entry. The stack removes only entries that the stack registered. */
export const Origin = z.enum(['stack', 'cli']);
export type Origin = z.infer<typeof Origin>;

export interface Entry<Thing> {
  readonly thing: Thing;
  readonly origin: Origin;
}

/** Part of every registered item. `revision` grows with each change, so a write can require the revision it has read. */
export const Registered = z.object({ origin: Origin, revision: z.int() });

export const certificateKey = (name: string) => ({ pk: `certificate#${name}`, sk: 'config' });
export const certificateListKey = (name: string) => ({ pk: 'certificates', sk: name });
export const currentKey = (certificate: string) => ({ pk: `certificate#${certificate}`, sk: 'current' });
export const sourceKey = (source: CertificateSource, certificate: string) => ({
  pk: `source#${source.kind}#${sourceIdOf(source)}`,
  sk: certificate,
});

export const targetPrefix = 'target#';
export const targetKey = (certificate: string, id: string) => ({
  pk: `certificate#${certificate}`,
  sk: `${targetPrefix}${id}`,
});
export const pointerKey = (id: string) => ({ pk: `target#${id}`, sk: 'config' });
export const targetListKey = (id: string) => ({ pk: 'targets', sk: id });
export const groupKey = (autoScalingGroup: string, id: string) => ({
  pk: `group#${autoScalingGroup}`,
  sk: id,
});

/** The part of the source that events contain. */
function sourceIdOf(source: CertificateSource): string {
  switch (source.kind) {
    case 'secretsmanager':
      return source.secretId;
    case 'acm':
      return source.certificateArn;
    case 's3':
      return `${source.bucket}/${source.key}`;
    case 'parameter':
      return source.name;
  }
}

/** Condition: the item is unchanged since it was read. `revision` null: the item did not exist. */
export function ifUnchanged(revision: number | null) {
  if (revision === null) return { ConditionExpression: 'attribute_not_exists(pk)' };
  return { ConditionExpression: 'revision = :seen', ExpressionAttributeValues: { ':seen': revision } };
}

const registrars: Readonly<Record<Origin, string>> = { stack: 'the stack', cli: 'the command line' };

/** Throws InvalidRequest if the other origin has registered the entry: the stack and the command line may write in parallel. */
export function requireOwn(stored: { readonly origin: Origin } | null, origin: Origin, what: string): void {
  if (stored === null || stored.origin === origin) return;
  throw new CertferryError(
    'InvalidRequest',
    `${what} is already registered by ${registrars[stored.origin]} and was not changed. Only one of the two may register it.`,
    { details: { what, registeredBy: stored.origin } },
  );
}
