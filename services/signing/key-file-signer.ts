import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { JobKey } from '../../core/seal/job-keys.ts';
import type { JobSigner } from '../../core/seal/sign-job.ts';

/** A key pair in a file of local mode (mode 0600): a private JWK (RFC 7518 §6.2.2) with its `kid`. */
export const JobKeyFile = z.extend(JobKey, { d: z.string() });
export type JobKeyFile = z.infer<typeof JobKeyFile>;

/** Signs jobs with the key in a file of local mode. Throws if the file is not such a key. */
export function createKeyFileSigner(path: string): JobSigner {
  return signerOf(JobKeyFile.parse(JSON.parse(readFileSync(path, 'utf8'))));
}

/** Signs jobs with a key pair in memory. */
export function signerOf({ kid, ...jwk }: JobKeyFile): JobSigner {
  const key: KeyObject = createPrivateKey({ key: jwk, format: 'jwk' });
  return {
    kid,
    // ieee-p1363: r and s without DER, as JWS requires
    sign: async (input) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  };
}
