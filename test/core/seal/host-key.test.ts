import { calculateJwkThumbprint } from 'jose';
import { describe, expect, test } from 'vitest';
import { HostKey } from '../../../core/deployment/agent-line.ts';
import { HostPrivateKey, makeHostKey, publicHostKey } from '../../../core/seal/host-key.ts';

describe("a host's key", () => {
  test("A host's key is named by its RFC 7638 thumbprint", async () => {
    const key = await makeHostKey();

    expect(key.kid).toBe(await calculateJwkThumbprint({ kty: 'OKP', crv: 'X25519', x: key.x }));
  });

  test("A host's key is another one each time, and survives being written down", async () => {
    const [first, second] = await Promise.all([makeHostKey(), makeHostKey()]);

    expect(first.kid).not.toBe(second.kid);
    expect(HostPrivateKey.parse(JSON.parse(JSON.stringify(first)))).toEqual(first);
  });

  test("A host's key gives away nothing of its private half", async () => {
    const key = await makeHostKey();

    expect(HostKey.parse(publicHostKey(key))).toEqual({ kid: key.kid, x: key.x });
  });
});
