// Cannot show, because KMS is scripted: permissions, throttling, and the time that a signature takes.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jobKeysText } from '../../../core/seal/job-keys.ts';
import { signJob } from '../../../core/seal/sign-job.ts';
import { verifyJob } from '../../../core/seal/verify-job.ts';
import { joseSignature } from '../../../services/signing/der-signature.ts';
import { createPublicKeys } from '../../../services/signing/kms-public-keys.ts';
import { createKmsSigner } from '../../../services/signing/kms-signer.ts';

const keyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

interface SentCommand {
  readonly constructor: { readonly name: string };
  readonly input: Record<string, unknown>;
}

/** Answers like KMS with this key pair; `denials` requests are denied first. */
function fakeKms(
  { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  denials = 0,
) {
  const sent: SentCommand[] = [];
  const answers: Readonly<Record<string, (input: Record<string, unknown>) => object>> = {
    SignCommand: ({ Message }) => ({ Signature: signDigest(Message as Buffer, privateKey) }),
    GetPublicKeyCommand: () => ({ PublicKey: publicKey.export({ format: 'der', type: 'spki' }) }),
  };
  const send = async (command: SentCommand) => {
    sent.push(command);
    if (sent.length <= denials) throw Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
    return answers[command.constructor.name]?.(command.input);
  };
  return { sent, kms: { send } as never };
}

/** Messages by their digests: Node signs messages only. */
const messages = new Map<string, Buffer>();
function signDigest(digest: Buffer, privateKey: Parameters<typeof sign>[2]): Buffer {
  const message = messages.get(digest.toString('hex'));
  if (message === undefined) throw new Error('the digest belongs to no message');
  return sign('sha256', message, privateKey);
}

describe('the signer of KMS', () => {
  test('The signer of KMS sends the digest, and the agent accepts its signature with the public key that KMS returns', async () => {
    const { sent, kms } = fakeKms();
    const signer = createKmsSigner(() => kms, keyArn);
    const recording = {
      kid: signer.kid,
      sign: (input: Uint8Array) => {
        messages.set(createHash('sha256').update(input).digest('hex'), Buffer.from(input));
        return signer.sign(input);
      },
    };
    const about = { header: { targetId: 'web-1', expiresAt: 1_900_000_000 }, host: 'i-1' };

    const text = await signJob('job', about, recording);
    const key = await createPublicKeys(kms).read(keyArn);

    expect(sent[0]?.input).toMatchObject({
      KeyId: keyArn,
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    expect(key.kid).toBe('1234abcd-12ab-34cd-56ef-1234567890ab');
    expect(await verifyJob(text, { keys: jobKeysText([key]), host: 'i-1' })).toMatchObject({ text: 'job' });
  });

  test('The public key of KMS is requested again while a new policy is not in force', async () => {
    const { sent, kms } = fakeKms(undefined, 2);

    await createPublicKeys(kms, async () => undefined).read(keyArn);

    expect(sent).toHaveLength(3);
  });

  test('A key of KMS with another curve is refused', async () => {
    const { kms } = fakeKms(generateKeyPairSync('ec', { namedCurve: 'P-384' }));

    await expect(createPublicKeys(kms).read(keyArn)).rejects.toThrow(/P-256/);
  });
});

describe('the signature of KMS', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const integer = (bytes: Uint8Array): number[] => {
    const first = bytes.findIndex((byte) => byte !== 0);
    const value = [...(first === -1 ? bytes.slice(-1) : bytes.slice(first))];
    const signed = (value[0] ?? 0) > 0x7f ? [0, ...value] : value;
    return [0x02, signed.length, ...signed];
  };
  const der = (r: Uint8Array, s: Uint8Array) => {
    const content = [...integer(r), ...integer(s)];
    return Uint8Array.from([0x30, content.length, ...content]);
  };
  const numbers = fc.uint8Array({ minLength: 32, maxLength: 32 });

  test('The signature of KMS keeps its two numbers in the form of JWS, also short and high ones', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.nat(31), (r, s, zeros) => {
        r.fill(0, 0, zeros);
        expect(Buffer.from(joseSignature(der(r, s)))).toEqual(Buffer.concat([r, s]));
      }),
    );
  });

  test('The signature of KMS has the same numbers as that of Node in both forms', () => {
    for (let round = 0; round < 50; round += 1) {
      const signature = joseSignature(sign('sha256', Buffer.from(`message ${round}`), pair.privateKey));
      expect(signature).toHaveLength(64);
    }
  });

  test('Bytes that are not the signature of KMS are refused, never misread', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(() => joseSignature(bytes)).toThrow('KMS returned something other than a DER signature');
      }),
    );
    const valid = der(new Uint8Array(32).fill(1), new Uint8Array(32).fill(2));
    for (let length = 0; length < valid.length; length += 1) {
      expect(() => joseSignature(valid.slice(0, length))).toThrow();
    }
    expect(() => joseSignature(Uint8Array.from([...valid, 0]))).toThrow();
  });
});
