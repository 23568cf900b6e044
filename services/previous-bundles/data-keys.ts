import { readFileSync } from 'node:fs';
import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { CompactEncrypt } from 'jose/jwe/compact/encrypt';
import * as z from 'zod/mini';

/** What a data key is for. It opens only with the same purpose. Not secret. */
export type Purpose = Readonly<Record<string, string>>;

/** A data key: `plain` has 32 bytes and stays in memory; `sealed` may be stored. */
export interface DataKey {
  readonly plain: Uint8Array;
  readonly sealed: string;
}

/** Creates keys that encrypt one item each, and opens them again. */
export interface DataKeys {
  create(purpose: Purpose): Promise<DataKey>;
  /** Throws if the key was sealed for another purpose or by another key. */
  open(sealed: string, purpose: Purpose): Promise<Uint8Array>;
}

/** Data keys of a KMS key. The purpose is the encryption context, which CloudTrail records. */
export function createKmsDataKeys(kms: () => Pick<KMSClient, 'send'>, keyArn: string): DataKeys {
  return {
    async create(purpose) {
      const command = { KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: purpose } as const;
      const { Plaintext, CiphertextBlob } = await kms().send(new GenerateDataKeyCommand(command));
      if (Plaintext === undefined || CiphertextBlob === undefined)
        throw new Error('KMS returned no data key');
      return { plain: Plaintext, sealed: Buffer.from(CiphertextBlob).toString('base64url') };
    },
    async open(sealed, purpose) {
      const CiphertextBlob = Buffer.from(sealed, 'base64url');
      const command = { KeyId: keyArn, CiphertextBlob, EncryptionContext: purpose };
      const { Plaintext } = await kms().send(new DecryptCommand(command));
      if (Plaintext === undefined) throw new Error('KMS returned no data key');
      return Plaintext;
    },
  };
}

/** A secret in a file of local mode (mode 0600): a JWK of 32 bytes (RFC 7518 section 6.4). */
const KeyFile = z.object({ kty: z.literal('oct'), k: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/)) });

/** Data keys of a key in a file of local mode. Throws if the file is not such a key. */
export function createFileDataKeys(path: string): DataKeys {
  const { k } = KeyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  const key = Buffer.from(k, 'base64url');
  return {
    async create(purpose) {
      const plain = crypto.getRandomValues(new Uint8Array(32));
      const sealed = await new CompactEncrypt(plain)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', purpose: textOf(purpose) })
        .encrypt(key);
      return { plain, sealed };
    },
    async open(sealed, purpose) {
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      if (protectedHeader.purpose !== textOf(purpose)) throw new Error('the data key has another purpose');
      return plaintext;
    },
  };
}

function textOf(purpose: Purpose): string {
  return JSON.stringify(Object.entries(purpose).sort(([one], [other]) => (one < other ? -1 : 1)));
}
