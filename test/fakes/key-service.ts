// Not simulated: key policies and grants, rotation, request quotas, the real format of a ciphertext.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type JsonEndpoint, startJsonEndpoint } from '../../local/http/json-endpoint.ts';
import { ServiceError } from '../../local/http/service-error.ts';

/** KMS with one key for data keys. */
export interface KeyService extends JsonEndpoint {
  readonly keyArn: string;
  /** The encryption context of each request. */
  readonly contexts: unknown[];
}

const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/6a4e5a9d-0000-4000-8000-000000000000';

/**
 * Decrypt requires the encryption context of GenerateDataKey, else InvalidCiphertextException:
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 */
export async function startKeyService(): Promise<KeyService> {
  const master = randomBytes(32);
  const contexts: unknown[] = [];
  const authenticated = ({ KeyId, EncryptionContext = {} }: Record<string, unknown>): Buffer => {
    if (KeyId !== keyArn) throw new ServiceError('NotFoundException', `Key ${String(KeyId)} does not exist`);
    contexts.push(EncryptionContext);
    return Buffer.from(JSON.stringify(Object.entries(EncryptionContext as object).sort()));
  };
  const endpoint = await startJsonEndpoint({
    version: '1.1',
    target: 'TrentService',
    operations: {
      async GenerateDataKey(input) {
        if (input.KeySpec !== 'AES_256') throw new ServiceError('ValidationException', 'KeySpec');
        const [plain, iv] = [randomBytes(32), randomBytes(12)];
        const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(authenticated(input));
        const blob = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
        return {
          KeyId: keyArn,
          Plaintext: plain.toString('base64'),
          CiphertextBlob: blob.toString('base64'),
        };
      },
      async Decrypt(input) {
        const blob = Buffer.from(String(input.CiphertextBlob), 'base64');
        const decipher = createDecipheriv('aes-256-gcm', master, blob.subarray(0, 12)).setAAD(
          authenticated(input),
        );
        decipher.setAuthTag(blob.subarray(-16));
        try {
          const plain = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]);
          return { KeyId: keyArn, Plaintext: plain.toString('base64') };
        } catch {
          throw new ServiceError('InvalidCiphertextException', 'the ciphertext or its context is not valid');
        }
      },
    },
  });
  return { ...endpoint, keyArn, contexts };
}
