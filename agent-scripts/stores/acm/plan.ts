import * as z from 'zod/mini';
import { VersionFacts } from '../../../core/deployment/version.ts';

/**
 * Everything that a restore needs, without secrets. `arn` and `previous` are null before a first import. Leaf and chain of
 * `previous` are PEM as ACM returned them; its key comes from `PreviousBundles`.
 */
export const AcmPlan = z.strictObject({
  arn: z.nullable(z.string()),
  region: z.string(),
  /** The deployment whose tag a first import has: the restore removes only that certificate. */
  deploymentId: z.string(),
  previous: z.nullable(
    z.strictObject({ leaf: z.string(), chain: z.array(z.string()), version: VersionFacts }),
  ),
  /** The version that the deployment installs. */
  next: VersionFacts,
});
export type AcmPlan = z.infer<typeof AcmPlan>;
