import { type DescribedTarget, describeTarget } from '../../agent-scripts/connectors/connectors.ts';
import { hostDistribution } from '../../agent-scripts/host/distribution.ts';
import { findFileUser, withFileUser } from '../../agent-scripts/host/file-user.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { memberOf } from '../../core/targets/registered.ts';
import { type FileTarget, isStoreTarget } from '../../core/targets/target.ts';

/** A target with files on this machine, and what its connector describes. */
export interface LocalTarget {
  readonly target: FileTarget;
  readonly described: DescribedTarget;
}

/** The targets with files on this machine, and the ids of the others. */
export async function describeTargets(
  registered: readonly RegisteredTarget[],
): Promise<{ readonly here: readonly LocalTarget[]; readonly elsewhere: readonly string[] }> {
  const here: LocalTarget[] = [];
  const elsewhere: string[] = [];
  const distribution = hostDistribution();
  for (const one of registered) {
    const isLocal = typeof one.host === 'string' && /^local(-|$)/.test(one.host);
    const target = isLocal ? memberOf(one, { host: `${one.host}`, address: '127.0.0.1' }) : null;
    if (target === null || isStoreTarget(target)) elsewhere.push(one.id);
    else here.push({ target, described: await describeTarget(target, distribution) });
  }
  return { here, elsewhere };
}

/** Runs file operations with the privileges that the agent has for this target. @throws CertferryError UnknownOwner */
export function asAgent<Result>({ config }: FileTarget, work: () => Result): Result {
  return withFileUser(findFileUser(config.fileUser), work);
}
