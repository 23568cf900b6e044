import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { activate, manualActivation, withBaseline } from '../../agent-scripts/activations/activation.ts';
import { leafName } from '../../agent-scripts/activations/envoy-admin.ts';
import { activationContext } from '../../agent-scripts/change/activate-change.ts';
import { freePort } from '../../cli/demo/free-port.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { scratchFolder } from './disk.ts';

const scratch = scratchFolder();
const servers: Server[] = [];
let count = 0;

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

type Leaf = Readonly<Record<'serial_number' | 'valid_from' | 'expiration_time', string>>;

/** The state that the admin interface returns to the n-th request for certificates, from 0. */
type Answer = (nth: number) => { readonly leaves: readonly Leaf[]; readonly refused: number };

/** An admin interface as Envoy's manual describes it, on a port of loopback. */
async function anAdmin(answer: Answer): Promise<string> {
  const port = await freePort();
  let asked = 0;
  const server = createServer((request, response) => {
    const { leaves, refused } = answer(asked);
    if (request.url === '/certs') {
      asked += 1;
      response.end(JSON.stringify({ certificates: leaves.map((leaf) => ({ cert_chain: [leaf] })) }));
    } else {
      const stats = [{ name: 'sds.a.key_rotation_failed', value: refused }, { histograms: {} }];
      response.end(JSON.stringify({ stats }));
    }
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${port}`;
}

/** A new leaf on disk, and its entry in Envoy's list. */
async function aLeaf(serial?: string): Promise<{ certPath: string; leaf: Leaf }> {
  const { certPem, fullchainPem } = await aVersion(serial === undefined ? {} : { serial });
  const certPath = join(scratch, `${++count}.pem`);
  writeFileSync(certPath, fullchainPem);
  const { serialNumber, validFrom, validTo } = new X509Certificate(certPem);
  return {
    certPath,
    leaf: {
      serial_number: serialNumber.toLowerCase(),
      valid_from: new Date(validFrom).toISOString().replace('.000', ''),
      expiration_time: new Date(validTo).toISOString().replace('.000', ''),
    },
  };
}

const kind = 'envoySecrets' as const;
const within = (seconds: number) => activationContext(seconds, null);

describe('waiting for an Envoy', () => {
  test('Waiting for an Envoy ends well when the leaf is listed, however late', async () => {
    const { certPath, leaf } = await aLeaf();
    const other = (await aLeaf()).leaf;
    const adminEndpoint = await anAdmin((nth) => ({ leaves: nth < 3 ? [other] : [other, leaf], refused: 0 }));

    expect(await activate({ kind, adminEndpoint, certPath }, within(10))).toMatchObject({ ok: true });
  });

  test.each(['01', '00ab', '0fffffffffffffffffffffffffffffffffff'])(
    'Waiting for an Envoy knows a leaf by the serial number %s, whatever its zeros',
    async (serial) => {
      const { certPath, leaf } = await aLeaf(serial);
      const spelled = { ...leaf, serial_number: leaf.serial_number.replace(/^0+/, '') };
      const adminEndpoint = await anAdmin(() => ({ leaves: [spelled], refused: 0 }));

      expect(await activate({ kind, adminEndpoint, certPath }, within(1))).toMatchObject({ ok: true });
    },
  );

  test('Waiting for an Envoy distinguishes a leaf from an older one with the same serial number', async () => {
    const { certPath, leaf } = await aLeaf('01');
    const older = { ...leaf, expiration_time: '2020-01-01T00:00:00Z' };
    const adminEndpoint = await anAdmin(() => ({ leaves: [older], refused: 0 }));

    expect(await activate({ kind, adminEndpoint, certPath }, within(1))).toEqual({
      ok: false,
      detail: 'Envoy did not list the leaf before the deadline',
    });
  });

  test('Waiting for an Envoy ends badly, long before its deadline, when Envoy counts a refusal and nothing follows', async () => {
    const { certPath } = await aLeaf();
    const adminEndpoint = await anAdmin((nth) => ({ leaves: [], refused: nth < 2 ? 5 : 6 }));

    const { ok, detail } = await activate({ kind, adminEndpoint, certPath }, within(50));

    expect(ok).toBe(false);
    expect(detail).toContain('key_rotation_failed or update_rejected increased by 1');
  });

  test('Waiting for an Envoy ends badly for a refusal that came before the first question', async () => {
    const { certPath } = await aLeaf();
    const adminEndpoint = await anAdmin(() => ({ leaves: [], refused: 6 }));
    const baseline = { leaf: 'another', refusals: 5 };

    expect(await activate({ kind, adminEndpoint, certPath, baseline }, within(50))).toMatchObject({
      ok: false,
      keptPrevious: true,
    });
  });

  test('Waiting for an Envoy does not take a rejection of the new version for a rejection of the previous one', async () => {
    const { certPath, leaf } = await aLeaf();
    const adminEndpoint = await anAdmin((nth) => ({ leaves: nth < 30 ? [] : [leaf], refused: 6 }));
    const { serial_number, valid_from, expiration_time } = leaf;
    const back = leafName({ serial_number, valid_from, expiration_time });

    const done = await activate(
      { kind, adminEndpoint, certPath, baseline: { leaf: back, refusals: 5 } },
      within(20),
    );

    expect(done).toMatchObject({ ok: true });
  });

  test('Waiting for an Envoy ends well when Envoy refused what it read between two renames and then took the pair', async () => {
    const { certPath, leaf } = await aLeaf();
    const adminEndpoint = await anAdmin((nth) => ({
      leaves: nth < 6 ? [] : [leaf],
      refused: nth < 2 ? 0 : 1,
    }));

    expect(await activate({ kind, adminEndpoint, certPath }, within(10))).toMatchObject({ ok: true });
  });

  test('Waiting for an Envoy fails at once when the admin endpoint does not answer', async () => {
    const { certPath } = await aLeaf();
    const adminEndpoint = `http://127.0.0.1:${await freePort()}`;

    const { ok, detail } = await activate({ kind, adminEndpoint, certPath }, within(50));

    expect(ok).toBe(false);
    expect(detail).toMatch(/^no response from http.*ECONNREFUSED/);
  });

  test('Waiting for an Envoy reports an admin endpoint that does not belong to an Envoy', async () => {
    const port = await freePort();
    const server = createServer((_, response) => response.end('{"hello":"world"}'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const { certPath } = await aLeaf();

    const done = await activate({ kind, adminEndpoint: `http://127.0.0.1:${port}`, certPath }, within(5));

    expect(done).toMatchObject({ ok: false });
  });

  test('Waiting for an Envoy has nothing to wait for when a restore has removed the first certificate', async () => {
    const certPath = join(scratch, 'gone.pem');
    const adminEndpoint = `http://127.0.0.1:${await freePort()}`;

    expect(await activate({ kind, adminEndpoint, certPath }, within(5))).toMatchObject({ ok: true });
  });

  test('Waiting for an Envoy notes before the change what Envoy has refused so far, and the leaf that was there', async () => {
    const { certPath, leaf } = await aLeaf();
    const adminEndpoint = await anAdmin(() => ({ leaves: [leaf], refused: 7 }));

    expect(await withBaseline({ kind, adminEndpoint, certPath }, within(5))).toEqual({
      ...{ kind, adminEndpoint, certPath },
      baseline: { leaf: leafName(leaf), refusals: 7 },
    });
  });

  test('Waiting for an Envoy ends with a message that names where to look for the cause', () => {
    const activation = { kind, adminEndpoint: 'http://127.0.0.1:9901', certPath: '/a' };

    expect(manualActivation(activation)).toBe('curl -fsS http://127.0.0.1:9901/certs');
  });
});
