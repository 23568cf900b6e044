import * as z from 'zod/mini';
import { CertificateSource } from '../deployment/source.ts';
import { CertificateName } from '../target/target.ts';
import { Verify } from '../target/verify.ts';
import { StrategyOverrides } from './strategy.ts';

/** A certificate as people write it: where its versions come from, and how they are rolled out. */
export const Certificate = z.strictObject({
  name: CertificateName,
  source: z.optional(CertificateSource),
  strategy: z._default(StrategyOverrides, {}),
  /** What the service as a whole presents (load balancers): looked at after each wave, never a reason to undo a node. */
  serviceEndpoints: z._default(z.array(Verify).check(z.maxLength(20)), []),
});
export type Certificate = z.infer<typeof Certificate>;
