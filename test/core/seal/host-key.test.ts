import { calculateJwkThumbprint } from 'jose';
import { describe, expect, test } from 'vitest';
import { HostKey } from '../../../core/deployment/agent-line.ts';
import {
  type HostKeyCurve,
  HostPrivateKey,
  makeHostKey,
  publicHostKey,
  publicJwk,
} from '../../../core/seal/host-key.ts';

describe.each<HostKeyCurve>(['X25519', 'P-256'])("a host's key of the curve %s", (curve) => {
  test("A host's key is named by its RFC 7638 thumbprint", async () => {
    const key = await makeHostKey(curve);

    expect(key.kid).toBe(await calculateJwkThumbprint(publicJwk(key)));
  });

  test("A host's key is another one each time, and survives being written down", async () => {
    const [first, second] = await Promise.all([makeHostKey(curve), makeHostKey(curve)]);

    expect(first.kid).not.toBe(second.kid);
    expect(HostPrivateKey.parse(JSON.parse(JSON.stringify(first)))).toEqual(first);
  });

  test("A host's key gives away nothing of its private half", async () => {
    const key = await makeHostKey(curve);

    const { kty, crv, ...coordinates } = publicJwk(key);
    expect({ kty, crv }).toEqual({ kty: curve === 'P-256' ? 'EC' : 'OKP', crv: curve });
    expect(HostKey.parse(publicHostKey(key))).toEqual({ kid: key.kid, ...coordinates });
  });
});
