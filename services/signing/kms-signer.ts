import { createHash } from 'node:crypto';
import { type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import type { JobSigner } from '../../core/seal/sign-job.ts';
import { joseSignature } from './der-signature.ts';

/** Signs jobs with a key in KMS (ECC_NIST_P256). The private half never leaves KMS, and each use is in CloudTrail. */
export function createKmsSigner(kms: () => Pick<KMSClient, 'send'>, keyArn: string): JobSigner {
  return {
    kid: keyIdOf(keyArn),
    async sign(input) {
      const { Signature } = await kms().send(
        new SignCommand({
          KeyId: keyArn,
          Message: createHash('sha256').update(input).digest(),
          MessageType: 'DIGEST',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      return joseSignature(Signature ?? new Uint8Array());
    },
  };
}

/** The id in the ARN of a key. The public half has the same id in the SSM document. */
export function keyIdOf(keyArn: string): string {
  return keyArn.slice(keyArn.lastIndexOf('/') + 1);
}
