import { beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, type IssuedCertificate, type MlDsa } from '../../../cli/demo/throwaway-ca.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { served, versionOf } from './endpoints.ts';
import { observing, useEndpoints } from './use-endpoints.ts';

const { serve } = useEndpoints();
const names = ['www.example.test'];

/** Servers of Node 24 on loopback: its OpenSSL serves ML-DSA. */
describe('an endpoint with an ML-DSA certificate', () => {
  let ecdsa: IssuedCertificate;
  const observe = observing(() => ecdsa);

  beforeAll(async () => {
    ecdsa = await aVersion();
  });

  test.each<MlDsa>(['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'])(
    'The probe verifies an endpoint whose whole chain has %s keys',
    async (keyType) => {
      const authority = await createAuthority({ name: 'Quantum', keyType, intermediate: true });
      const issued = await authority.issue({ names, keyType });
      const { port } = await serve(served(issued));

      expect(await observe(port, {}, versionOf(issued, 'ml-dsa'))).toMatchObject({ ok: true, problem: null });
    },
  );

  test('The probe finds either certificate of a server that has one with ECDSA and one with ML-DSA', async () => {
    const mlDsa = await aVersion({ keyType: 'ml-dsa-65' });
    const { port } = await serve({
      cert: [ecdsa.fullchainPem, mlDsa.fullchainPem],
      key: [ecdsa.keyPem, mlDsa.keyPem],
    });

    expect(await observe(port, {}, versionOf(mlDsa, 'ml-dsa'))).toMatchObject({
      ok: true,
      fingerprint: mlDsa.fingerprint,
    });
    expect(await observe(port)).toMatchObject({ ok: true, fingerprint: ecdsa.fingerprint });
  });
});
