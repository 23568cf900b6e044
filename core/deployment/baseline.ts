import * as z from 'zod/mini';
import { Fingerprint } from './version.ts';

/**
 * What each address of the endpoint served before the deployment changed anything, or the problem; one of the two is null.
 * `from`: where the probe was made. Contains no secret, and at most 32 addresses (see `core/tls-probe/addresses.ts`).
 */
export const Baseline = z.strictObject({
  from: z.enum(['lambda', 'host']),
  addresses: z.array(
    z.strictObject({
      address: z.string(),
      fingerprint: z.nullable(Fingerprint),
      problem: z.nullable(z.string()),
    }),
  ),
});
export type Baseline = z.infer<typeof Baseline>;
