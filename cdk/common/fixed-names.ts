import { Stack, Token } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';
import { CertferryError } from '../../core/errors.ts';

/** The constructs of each app that have claimed fixed names, by location. */
const claims = new WeakMap<IConstruct, Map<string, string>>();

interface FixedNames {
  /** What the names belong to. */
  readonly per: 'region' | 'account';
  /** Some of the names, for the message. */
  readonly names: string;
  /** What to do about a second construct. */
  readonly remedy: string;
}

/**
 * Claims names that can exist once in a region or account, so that the synthesis fails instead of the second deployment. Without
 * an `env`, the location of a stack is unknown, and two such stacks count as one location.
 *
 * @throws CertferryError InvalidRequest if another construct of the app has claimed them
 */
export function claimNames(scope: Construct, { per, names, remedy }: FixedNames): void {
  const { account, region } = Stack.of(scope);
  const location = [account, ...(per === 'region' ? [region] : [])].map((part) =>
    Token.isUnresolved(part) ? 'unknown' : part,
  );
  const { root } = scope.node;
  const claimed = claims.get(root) ?? new Map<string, string>();
  claims.set(root, claimed);
  const key = [per, ...location].join('/');
  const other = claimed.get(key);
  if (other === undefined) {
    claimed.set(key, scope.node.path);
    return;
  }
  const isKnown = !location.includes('unknown');
  throw new CertferryError(
    'InvalidRequest',
    `${other} and ${scope.node.path} would both create ${names} in one ${per}${isKnown ? ` (${location.join('/')})` : ''}. ${isKnown ? remedy : `Give each stack an \`env\` with account and region, so that they differ. In one ${per}: ${remedy}`}`,
    { details: { paths: [other, scope.node.path], location: location.join('/') } },
  );
}
