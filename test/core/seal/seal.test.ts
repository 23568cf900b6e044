import fc from 'fast-check';
import { CompactEncrypt } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../cli/demo/throwaway-ca.ts';
import { jobActions, maximumJobCharacters } from '../../../core/deployment/job.ts';
import { isCertferryError } from '../../../core/errors.ts';
import {
  type HostKeyCurve,
  type HostPrivateKey,
  makeHostKey,
  publicHostKey,
  publicJwk,
} from '../../../core/seal/host-key.ts';
import { openJobText, readJob } from '../../../core/seal/job-text.ts';
import { seal } from '../../../core/seal/seal.ts';
import { unseal } from '../../../core/seal/unseal.ts';
import { aBody, aHeader, anOpenJob } from './jobs.ts';

/** What the SSM document's parameter accepts. */
const parameterPattern = /^[A-Za-z0-9_.-]+$/;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';

let host: HostPrivateKey;

async function nameOfFailure(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (isCertferryError(error)) return error.name;
    throw error;
  }
  return 'none';
}

const headers = fc.record({
  action: fc.constantFrom('deploy' as const, 'validate' as const),
  deploymentId: fc.stringMatching(/^[A-Za-z0-9_-]{1,80}$/),
  fence: fc.nat(),
  expiresAt: fc.integer({ min: 1, max: 4_000_000_000 }),
});

describe.each<HostKeyCurve>(['X25519', 'P-256'])('a job sealed to a key of the curve %s', (curve) => {
  beforeAll(async () => {
    host = await makeHostKey(curve);
  });

  test('A sealed job gives back its header and body on the host it is sealed for', async () => {
    await fc.assert(
      fc.asyncProperty(headers, fc.string({ unit: 'grapheme', maxLength: 2000 }), async (known, key) => {
        const header = aHeader(known);
        const body = aBody({ key });

        const text = await seal(header, body, publicHostKey(host));

        expect(text).toMatch(parameterPattern);
        expect(readJob(text)).toEqual({ sealed: true, header, kid: host.kid, text });
        expect(await unseal(text, host)).toEqual({ header, body });
      }),
      { numRuns: 60 },
    );
  });

  test('A sealed job shows nothing of the body and never repeats itself', async () => {
    const body = aBody();

    const texts = await Promise.all([1, 2].map(() => seal(aHeader(), body, publicHostKey(host))));

    expect(texts[0]?.split('.')[3]).not.toBe(texts[1]?.split('.')[3]);
    for (const text of texts) {
      const clear = text
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
        .join('\n');
      for (const line of body.bundle.key.split('\n').filter((line) => line.length > 16)) {
        expect(clear).not.toContain(line);
      }
    }
  });

  test('A sealed job is refused when its header is swapped for that of another job', async () => {
    const [first, second] = await Promise.all([
      seal(aHeader({ deploymentId: 'first' }), aBody(), publicHostKey(host)),
      seal(aHeader({ deploymentId: 'second', fence: 8 }), aBody(), publicHostKey(host)),
    ]);
    const swapped = [second.split('.')[0], ...first.split('.').slice(1)].join('.');

    expect(readJob(swapped)).toMatchObject({ header: { deploymentId: 'second' } });
    await expect(unseal(swapped, host)).rejects.toMatchObject({ name: 'SealBroken' });
  });

  test('A sealed job is refused when only its header differs', async () => {
    const text = await seal(aHeader(), aBody(), publicHostKey(host));
    const [header = '', ...rest] = text.split('.');
    const claims = JSON.parse(Buffer.from(header, 'base64url').toString());
    claims.job.fence = 99;
    const forged = [Buffer.from(JSON.stringify(claims)).toString('base64url'), ...rest].join('.');

    expect(await nameOfFailure(() => unseal(forged, host))).toBe('SealBroken');
  });

  test('A sealed job is SealBroken or JobUnreadable, and nothing else, when any one character is another', async () => {
    const text = await seal(aHeader(), aBody(), publicHostKey(host));

    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom(...alphabet), async (at, other) => {
        fc.pre(text[at] !== other);
        const changed = text.slice(0, at) + other + text.slice(at + 1);

        expect(['SealBroken', 'JobUnreadable']).toContain(await nameOfFailure(() => unseal(changed, host)));
      }),
      { numRuns: 500 },
    );
  });

  test('A sealed job has one spelling: the spare bits of the last character of each part count', async () => {
    for (let size = 0; size < 3; size += 1) {
      const text = await seal(aHeader(), aBody({ key: 'k'.repeat(size) }), publicHostKey(host));
      const ends = [...text.matchAll(/[A-Za-z0-9_-](?=\.|$)/g)].map((match) => match.index);
      for (const at of ends) {
        for (const other of alphabet.replace(text[at] ?? '', '')) {
          const changed = text.slice(0, at) + other + text.slice(at + 1);
          expect(await nameOfFailure(() => unseal(changed, host))).not.toBe('none');
        }
      }
    }
  });

  test('A sealed job is refused cut short at any length, and with anything after it', async () => {
    const text = await seal(aHeader(), aBody(), publicHostKey(host));

    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), async (length) => {
        expect(await nameOfFailure(() => unseal(text.slice(0, length), host))).not.toBe('none');
      }),
      { numRuns: 100 },
    );
    expect(await nameOfFailure(() => unseal(`${text}A`, host))).not.toBe('none');
    expect(await nameOfFailure(() => unseal(`${text}\n`, host))).toBe('JobUnreadable');
  });

  test('A sealed job cannot be opened by another host, even one that claims the same kid', async () => {
    const text = await seal(aHeader(), aBody(), publicHostKey(host));
    const other = await makeHostKey(curve);

    expect(await nameOfFailure(() => unseal(text, other))).toBe('SealBroken');
    expect(await nameOfFailure(() => unseal(text, { ...other, kid: host.kid }))).toBe('SealBroken');
  });

  test('A sealed job cannot be opened by a host with a key of the other curve that claims the same kid', async () => {
    const text = await seal(aHeader(), aBody(), publicHostKey(host));
    const other = await makeHostKey(curve === 'P-256' ? 'X25519' : 'P-256');

    expect(await nameOfFailure(() => unseal(text, { ...other, kid: host.kid }))).toBe('SealBroken');
  });

  test('A sealed job is refused when its body is for another target than its header', async () => {
    const text = await seal(aHeader({ targetId: 'web-2' }), aBody({}, 'web-1'), publicHostKey(host));

    await expect(unseal(text, host)).rejects.toThrow(/header is for web-2, its body for web-1/);
  });

  test('A sealed job does not quote a body it cannot understand', async () => {
    const body = { ...aBody(), bundle: { leaf: 'l', chain: [], key: 'secret-bytes', extra: 'secret-bytes' } };
    const text = await seal(aHeader(), body, publicHostKey(host));

    const failure = await unseal(text, host).catch((error: unknown) => error);

    expect(failure).toMatchObject({ name: 'JobUnreadable' });
    expect(`${failure} ${JSON.stringify(failure)}`).not.toContain('secret-bytes');
  });

  test('A sealed job is refused for a registered key that is invalid, with the advice to enroll again', async () => {
    const notAKey = { ...publicHostKey(host), x: 'A'.repeat(42) };

    await expect(seal(aHeader(), aBody(), notAKey)).rejects.toMatchObject({
      name: 'UnknownHostKey',
      message: expect.stringContaining('Enroll the host again'),
    });
  });

  test('A sealed job is only ever a deploy or a validate', async () => {
    for (const action of jobActions) {
      const text = await seal(aHeader({ action }), aBody(), publicHostKey(host));
      const expected = action === 'deploy' || action === 'validate' ? 'none' : 'JobUnreadable';
      expect(await nameOfFailure(() => unseal(text, host))).toBe(expected);
    }
  });

  test('A sealed job is refused when what is sealed is no JSON, without quoting it', async () => {
    const header = aHeader();
    const text = await new CompactEncrypt(Buffer.from('-----BEGIN PRIVATE KEY-----'))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', zip: 'DEF', kid: host.kid, job: header })
      .encrypt(publicJwk(host));

    await expect(unseal(text, host)).rejects.toMatchObject({
      name: 'JobUnreadable',
      message:
        'The job cannot be read: its body is not JSON. The sender and this agent may have different versions. Update certferry and deploy again.',
    });
  });
});

test('A sealed job has room for an RSA 4096 leaf with its key and two such intermediates', async () => {
  const authority = await createAuthority({ name: 'Large', keyType: 'rsa4096', intermediate: true });
  const names = ['www', 'api', 'mail', 'shop'].map((name) => `${name}.a-rather-long-name.example.test`);
  const { certPem, chainPem, keyPem } = await authority.issue({ names, keyType: 'rsa4096' });
  const body = aBody({ leaf: certPem, chain: [chainPem, authority.rootPem], key: keyPem });

  // the text of a P-256 key is longer than that of an X25519 key
  const text = await seal(aHeader(), body, publicHostKey(await makeHostKey('P-256')));

  console.info(`RSA 4096, 3 certificates: ${text.length} of ${maximumJobCharacters} characters`);
  expect(text.length).toBeLessThan(maximumJobCharacters / 2);
});

describe('an open job', () => {
  test('An open job is read as it was written', () => {
    fc.assert(
      fc.property(headers, (known) => {
        const job = anOpenJob({ ...known, action: 'inspect' });
        const text = openJobText(job);
        expect(text).toMatch(parameterPattern);
        expect(text).not.toContain('.');
        expect(readJob(text)).toEqual({ sealed: false, job });
      }),
    );
  });

  test('An open job that should have been sealed is refused', () => {
    expect(() => readJob(openJobText(anOpenJob({ action: 'deploy' })))).toThrow(/must be sealed/);
  });

  test('An open job cannot be unsealed', async () => {
    expect(await nameOfFailure(() => unseal(openJobText(anOpenJob()), host))).toBe('JobUnreadable');
  });
});

test('Any text at all is a job or JobUnreadable', async () => {
  const pieces = fc.oneof(fc.string(), fc.stringMatching(parameterPattern), fc.json().map(openText));
  await fc.assert(
    fc.asyncProperty(pieces, async (text) => {
      expect(['none', 'JobUnreadable']).toContain(await nameOfFailure(() => readJob(text)));
    }),
    { numRuns: 500 },
  );
});

function openText(json: string): string {
  return Buffer.from(json).toString('base64url');
}
