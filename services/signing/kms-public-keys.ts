import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { JobKey } from '../../core/seal/job-keys.ts';
import { whileDenied } from '../while-denied.ts';
import { keyIdOf } from './kms-signer.ts';

/** Reads public halves of keys in KMS. */
export interface PublicKeys {
  /** Throws if the key is not an ECC_NIST_P256 key. */
  read(keyArn: string): Promise<JobKey>;
}

/** KMS returns a public key as SubjectPublicKeyInfo in DER (RFC 5280). */
export function createPublicKeys(
  kms: Pick<KMSClient, 'send'>,
  wait?: (ms: number) => Promise<unknown>,
): PublicKeys {
  return {
    async read(keyArn) {
      const command = new GetPublicKeyCommand({ KeyId: keyArn });
      const { PublicKey = new Uint8Array() } = await whileDenied(() => kms.send(command), wait);
      const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
      return JobKey.parse({ ...key.export({ format: 'jwk' }), kid: keyIdOf(keyArn) });
    },
  };
}
