import { CertferryError } from '../../core/errors.ts';
import { functionHost } from '../../core/targets/host-location.ts';
import { needsAwsCredentials } from '../../core/targets/kinds/kinds.ts';
import type { RegisteredTarget } from '../../core/targets/registered.ts';

/** What the operator permits. */
export interface Permitted {
  /** Whether the operator has named AWS credentials. */
  readonly aws: boolean;
}

/**
 * Refuses a target that local mode cannot deploy to. It selects its hosts by tags or Auto Scaling group, or its kind needs AWS
 * credentials that the operator has not named.
 * @throws CertferryError InvalidTarget
 */
export function expectLocal(
  { id, kind, host }: Pick<RegisteredTarget, 'id' | 'kind' | 'host'>,
  { aws }: Permitted,
): void {
  const why = needsAwsCredentials(kind) ? whyNoCredentials(host, aws) : null;
  if (why !== null) {
    throw new CertferryError('InvalidTarget', `target ${id} is of kind ${kind}, ${why}`, {
      details: { targetId: id },
    });
  }
  if (typeof host === 'string') return;
  throw new CertferryError(
    'InvalidTarget',
    `target ${id} selects its hosts by ${'tags' in host ? 'tags' : 'Auto Scaling group'}, which local mode does not support. Set its host to local or local-<name>, or use --stack.`,
    { details: { targetId: id } },
  );
}

function whyNoCredentials(host: RegisteredTarget['host'], aws: boolean): string | null {
  if (host !== functionHost) {
    return 'which works in local mode only with host: lambda, because the agent on a host gets no AWS credentials. Set its host to lambda.';
  }
  return aws
    ? null
    : 'and local mode uses no AWS credentials by itself. Name a profile of your AWS configuration with --aws-credentials PROFILE, or use --stack.';
}
