import { CertferryError } from '../../core/errors.ts';
import { needsStack } from '../../core/targets/kinds/kinds.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';

/**
 * Refuses a target that local mode cannot deploy to: it selects its hosts by tags or Auto Scaling group, or its kind needs the
 * role of a function.
 * @throws CertferryError InvalidTarget
 */
export function expectLocal({ id, kind, host }: Pick<RegisteredTarget, 'id' | 'kind' | 'host'>): void {
  if (needsStack(kind)) {
    throw new CertferryError(
      'InvalidTarget',
      `target ${id} is of kind ${kind}, which needs the role of a function and does not work in local mode. Use --stack.`,
      { details: { targetId: id } },
    );
  }
  if (typeof host === 'string') return;
  throw new CertferryError(
    'InvalidTarget',
    `target ${id} selects its hosts by ${'tags' in host ? 'tags' : 'Auto Scaling group'}, which local mode does not support. Set its host to local or local-<name>, or use --stack.`,
    { details: { targetId: id } },
  );
}
