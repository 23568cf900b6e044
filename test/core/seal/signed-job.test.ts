import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { maximumJobCharacters } from '../../../core/deployment/job.ts';
import { isCertferryError } from '../../../core/errors.ts';
import { JobKey, jobKeysText, readJobKeys } from '../../../core/seal/job-keys.ts';
import { digestOfJob } from '../../../core/seal/job-signature.ts';
import { signJob } from '../../../core/seal/sign-job.ts';
import { verifyJob } from '../../../core/seal/verify-job.ts';
import { aJobKey } from '../../fixtures/signed-jobs.ts';

/** What the parameter of the SSM document accepts. */
const parameterPattern = /^[A-Za-z0-9_.~-]+$/;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~';

const key = aJobKey();
const host = 'i-0123456789abcdef0';
const header = { targetId: 'web-1', expiresAt: 1_900_000_000 };
const accepted = { keys: key.publicKeys, host };
const jobTexts = fc.stringMatching(/^[A-Za-z0-9_.-]{1,400}$/);

async function nameOfFailure(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (isCertferryError(error)) return error.name;
    throw error;
  }
  return 'none';
}

const isRefused = async (text: string, changes: Partial<typeof accepted> = {}): Promise<boolean> =>
  (await nameOfFailure(() => verifyJob(text, { ...accepted, ...changes }))) === 'JobUnsigned';

/** A signature with any protected header and payload, followed by a job. */
async function signedWith(payload: unknown, job: string, protectedHeader: object = {}): Promise<string> {
  const { kid, ...jwk } = key.pair;
  const jws = await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', kid, ...protectedHeader })
    .sign(jwk);
  return `${jws}~${job}`;
}

const payloadOf = (job: string, changes: object = {}) => ({
  v: 1,
  sha256: digestOfJob(job),
  jti: 'A'.repeat(22),
  host,
  exp: 1_900_000_000,
  ...changes,
});

describe('a signed job', () => {
  test('A signed job is accepted by its host, with an id of its own each time', async () => {
    await fc.assert(
      fc.asyncProperty(jobTexts, async (job) => {
        const [first, second] = [
          await signJob(job, { header, host }, key.signer),
          await signJob(job, { header, host }, key.signer),
        ];

        const [one, other] = [await verifyJob(first, accepted), await verifyJob(second, accepted)];
        expect(first).toMatch(parameterPattern);
        expect(one).toEqual({ text: job, id: expect.any(String), expiresAt: header.expiresAt });
        expect(one.id).not.toBe(other.id);
      }),
      { numRuns: 50 },
    );
  });

  test('A signed job is the same for an implementation of JWS that certferry did not write', async () => {
    const text = await signedWith(payloadOf('a.b.c'), 'a.b.c');

    expect(await verifyJob(text, accepted)).toMatchObject({ text: 'a.b.c' });
  });

  test('A signed job is JobUnsigned, and nothing else, if any one character is another', async () => {
    const text = await signJob('eyJhIjoxfQ.b-_', { header, host }, key.signer);
    const endOfJws = text.indexOf('~');

    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom(...alphabet), async (at, other) => {
        fc.pre(text[at] !== other);
        // the last character of the signature has spare bits; the id inside makes it the same job
        fc.pre(at !== endOfJws - 1);
        expect(await isRefused(text.slice(0, at) + other + text.slice(at + 1))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('Any text at all is refused as JobUnsigned', async () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(parameterPattern));
    await fc.assert(
      fc.asyncProperty(texts, fc.string(), async (one, other) => {
        expect(await isRefused(`${one}~${other}`)).toBe(true);
        expect(await isRefused(one)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('A signed job is refused cut short at any length', async () => {
    const text = await signJob('job', { header, host }, key.signer);

    for (let length = 0; length < text.length; length += 1) {
      expect(await isRefused(text.slice(0, length))).toBe(true);
    }
  });

  test('A signed job is refused with the signature of another job', async () => {
    const [one, other] = [
      await signJob('one', { header, host }, key.signer),
      await signJob('other', { header, host }, key.signer),
    ];
    const swapped = `${one.split('~')[0]}~${other.split('~')[1]}`;

    await expect(verifyJob(swapped, accepted)).rejects.toThrow(/its signature belongs to another job/);
  });

  test('A signed job is refused by another host, and by a host without a known id', async () => {
    const text = await signJob('job', { header, host }, key.signer);

    await expect(verifyJob(text, { ...accepted, host: 'i-1' })).rejects.toThrow(
      /it was signed for host i-0123456789abcdef0, and this host is i-1/,
    );
    await expect(verifyJob(text, { keys: key.publicKeys, host: undefined })).rejects.toThrow(
      /AWS_SSM_INSTANCE_ID is not set.*Update its SSM Agent to 3\.3\.2746\.0/,
    );
  });

  test('A signed job is refused if its key is not accepted, also under the id of one that is', async () => {
    const stranger = aJobKey();
    const sameId = { ...stranger.signer, kid: key.signer.kid };

    const foreign = await signJob('job', { header, host }, stranger.signer);
    await expect(verifyJob(foreign, accepted)).rejects.toThrow(
      new RegExp(`does not accept the key of its signature; it accepts ${key.signer.kid}`),
    );
    expect(await isRefused(await signJob('job', { header, host }, sameId))).toBe(true);
  });

  test('A signed job is refused if its signature brings a key, has no algorithm or a payload of another form', async () => {
    const { d, ...jwk } = key.pair;
    expect(d).toBeDefined();
    expect(await isRefused(await signedWith(payloadOf('job'), 'job', { jwk }))).toBe(true);
    expect(await isRefused(await signedWith(payloadOf('job', { v: 2 }), 'job'))).toBe(true);
    expect(await isRefused(await signedWith(payloadOf('job', { jti: '' }), 'job'))).toBe(true);
    expect(await isRefused(await signedWith(payloadOf('job', { more: 1 }), 'job'))).toBe(true);
    expect(await isRefused(await signedWith('a text', 'job'))).toBe(true);
    const none = [{ alg: 'none', kid: key.signer.kid }, payloadOf('job')]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    expect(await isRefused(`${none}.~job`)).toBe(true);
  });

  test('While keys are rotated, a signed job is accepted with either key, and afterwards with the new one only', async () => {
    const next = aJobKey();
    const both = jobKeysText([JobKey.parse(key.pair), JobKey.parse(next.pair)]);
    const [old, fresh] = [
      await signJob('job', { header, host }, key.signer),
      await signJob('job', { header, host }, next.signer),
    ];

    expect(await verifyJob(old, { keys: both, host })).toMatchObject({ text: 'job' });
    expect(await verifyJob(fresh, { keys: both, host })).toMatchObject({ text: 'job' });
    expect(await isRefused(old, { keys: next.publicKeys })).toBe(true);
    expect(await verifyJob(fresh, { keys: next.publicKeys, host })).toMatchObject({ text: 'job' });
  });

  test('A signed job that does not fit names its size and the limit, and the largest one fits with its signature', async () => {
    const about = { header, host: 'mi-0123456789abcdef0' };
    const small = await signJob('j', about, key.signer);
    const room = maximumJobCharacters - small.length + 1;

    expect(await signJob('j'.repeat(room), about, key.signer)).toHaveLength(maximumJobCharacters);
    await expect(signJob('j'.repeat(room + 1), about, key.signer)).rejects.toMatchObject({
      name: 'JobTooLarge',
      message: expect.stringMatching(
        /The job for web-1 is too large: .* have 30001 characters; .* have 30000/,
      ),
      details: { targetId: 'web-1', characters: maximumJobCharacters + 1, limit: maximumJobCharacters },
    });
  });
});

describe('the accepted keys', () => {
  test('The accepted keys are read as they were written, in characters that the document can quote', () => {
    const keys = [aJobKey(), aJobKey()].map(({ pair }) => JobKey.parse(pair));

    expect(jobKeysText(keys)).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(readJobKeys(jobKeysText(keys))).toEqual(keys);
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });

  test('Any other text contains no accepted keys, and then every job is refused', async () => {
    const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
    const text = Buffer.from(JSON.stringify({ keys: [{ ...otherCurve, kid: 'k' }] })).toString('base64url');

    expect([readJobKeys(''), readJobKeys('bm8'), readJobKeys(text)]).toEqual([null, null, null]);
    expect(await isRefused(await signJob('job', { header, host }, key.signer), { keys: '' })).toBe(true);
  });
});
