// The crypto library of this process, without X25519 in some tests: `generateKeyPairSync` throws the error of OpenSSL's FIPS
// provider. It cannot show what else that provider refuses; fips.test.ts runs the agent with it.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { homeAt } from '../../agent-scripts/host/home.ts';
import { hostPublicKey, isRetired, openSealed, retireOpenedKey } from '../../agent-scripts/host/host-keys.ts';
import { nextKeyCurve } from '../../agent-scripts/host/key-curve.ts';
import { curveOf } from '../../core/seal/host-key.ts';
import { seal } from '../../core/seal/seal.ts';
import { unseal } from '../../core/seal/unseal.ts';
import { aBody, aHeader } from '../core/seal/jobs.ts';
import { scratchFolder } from './disk.ts';

const library = vi.hoisted(() => ({ isFips: false }));
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  const generateKeyPairSync = (type: 'ec', options: { namedCurve: string }) => {
    if (library.isFips && String(type) === 'x25519')
      throw new Error('error:0308010C:digital envelope routines::unsupported');
    return crypto.generateKeyPairSync(type, options);
  };
  return { ...crypto, generateKeyPairSync };
});
afterEach(() => {
  library.isFips = false;
});

const scratch = scratchFolder();
const aHome = () => homeAt(mkdtempSync(join(scratch, 'home-')));

/** Performs one sealed job on the host: the key that opens it, and the key of its result. */
async function perform(home: ReturnType<typeof homeAt>) {
  const key = await hostPublicKey(home);
  const body = aBody();
  const text = await seal(aHeader(), body, key);
  const opened = await openSealed(home, { kid: key.kid, text }, unseal);
  retireOpenedKey(home, null);
  return { key, isOpened: isDeepStrictEqual(opened?.body, body), next: await hostPublicKey(home) };
}

describe('the curve of the key of a host', () => {
  test('A host prefers X25519', () => {
    expect(nextKeyCurve(join(scratch, 'no-flag'))).toBe('X25519');
  });

  test.each([
    ['0\n', 'X25519'],
    ['1\n', 'P-256'],
  ])('A host whose kernel has the FIPS flag %j makes a key of the curve %s', (flag, curve) => {
    const file = join(scratch, 'fips_enabled');
    writeFileSync(file, flag);

    expect(nextKeyCurve(file)).toBe(curve);
  });

  test('A host whose crypto library refuses X25519 makes P-256 keys and opens their jobs', async () => {
    library.isFips = true;

    const { key, isOpened, next } = await perform(aHome());

    expect([key, next].map(curveOf)).toEqual(['P-256', 'P-256']);
    expect(isOpened).toBe(true);
    expect(next.kid).not.toBe(key.kid);
  });

  test('An enrolled host keeps its X25519 key', async () => {
    const home = aHome();
    const key = await hostPublicKey(home);

    expect(await hostPublicKey(home)).toEqual(key);
    expect(curveOf(key)).toBe('X25519');
  });

  test('A host replaces and retires its X25519 key before it reads a job if the crypto library refuses the curve', async () => {
    const home = aHome();
    const key = await hostPublicKey(home);
    const text = await seal(aHeader(), aBody(), key);
    library.isFips = true;

    expect(await openSealed(home, { kid: key.kid, text }, unseal)).toBeNull();

    expect(isRetired(home, key.kid)).toBe(true);
    expect(curveOf(await hostPublicKey(home))).toBe('P-256');
  });

  test('A host whose crypto library accepts X25519 again opens the job of its P-256 key and rotates to X25519', async () => {
    const home = aHome();
    library.isFips = true;
    await hostPublicKey(home);
    library.isFips = false;

    const { key, isOpened, next } = await perform(home);

    expect(isOpened).toBe(true);
    expect([key, next].map(curveOf)).toEqual(['P-256', 'X25519']);
  });
});
