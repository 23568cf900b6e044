import * as z from 'zod/mini';
import type { CertificateSource } from '../../core/deployment/source.ts';
import { CertferryError } from '../../core/errors.ts';

/** Who put something into the registry. The stack removes only what the stack put there. */
export const Origin = z.enum(['stack', 'cli']);
export type Origin = z.infer<typeof Origin>;

export interface Entry<Thing> {
  readonly thing: Thing;
  readonly origin: Origin;
}

/** What is told with every registered thing. `revision` grows with each change: a write says which one it has seen. */
export const Registered = z.object({ origin: Origin, revision: z.int() });

export const certificateKey = (name: string) => ({ pk: `certificate#${name}`, sk: 'config' });
export const certificateListKey = (name: string) => ({ pk: 'certificates', sk: name });
export const currentKey = (certificate: string) => ({ pk: `certificate#${certificate}`, sk: 'current' });
export const sourceKey = (source: CertificateSource, certificate: string) => ({
  pk: `source#${source.kind}#${placeOf(source)}`,
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

/** What an event names. */
function placeOf(source: CertificateSource): string {
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

/** The condition that an item is as it was read: `revision` is null when it was not there. */
export function asRevised(revision: number | null) {
  if (revision === null) return { ConditionExpression: 'attribute_not_exists(pk)' };
  return { ConditionExpression: 'revision = :seen', ExpressionAttributeValues: { ':seen': revision } };
}

const registrars: Readonly<Record<Origin, string>> = { stack: 'the stack', cli: 'the command line' };

/**
 * Throws InvalidRequest where somebody else has registered it: whoever writes has looked before, but the stack and the
 * command line may both be at work.
 */
export function requireOwn(before: { readonly origin: Origin } | null, origin: Origin, what: string): void {
  if (before === null || before.origin === origin) return;
  throw new CertferryError(
    'InvalidRequest',
    `${what} has just been registered by ${registrars[before.origin]}: it is left as it is, and only one of the two may name it`,
    { details: { what, registeredBy: before.origin } },
  );
}
