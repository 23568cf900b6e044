import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { captured } from './capture.ts';

const program = join(import.meta.dirname, '../../cli/certferry.mjs');
const name = 'www.example.test';
let folder: string;
let version: IssuedCertificate;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  version = await aVersion({ names: [name] });
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(called: string, text: string): string {
  const path = join(folder, called);
  writeFileSync(path, text);
  return path;
}

describe('check', () => {
  test('Check prints the content of a valid bundle', async () => {
    const bundle = file('bundle.pem', version.keyPem + version.fullchainPem);

    const { code, out } = await captured('check', bundle);

    expect(code).toBe(0);
    for (const part of [name, version.fingerprint, 'ECDSA P-256', '1 intermediate', 'expires     in 8']) {
      expect(out).toContain(part);
    }
    expect(out).not.toContain('PRIVATE KEY');
  });

  test('Check warns of what is fit and yet surprising', async () => {
    const soon = await aVersion({ notAfter: new Date(Date.now() + 3 * 86_400_000) });
    const { code, out } = await captured(
      ...['check', file('soon.pem', soon.certPem), '--key', file('soon.key', soon.keyPem), '--json'],
    );

    expect(code).toBe(0);
    const { ok, warnings } = JSON.parse(out);
    expect(ok).toBe(true);
    expect(warnings).toHaveLength(2);
  });

  test('Check prints why a bundle is refused, with the exit code of a refusal', async () => {
    const other = await aVersion();
    const args = ['check', file('cert.pem', version.fullchainPem), '--key', file('other.key', other.keyPem)];

    const words = await captured(...args);
    const json = await captured(...args, '--json');

    expect(words.code).toBe(10);
    expect(words.out).toContain('KeyMismatch');
    expect(json.code).toBe(10);
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, error: { name: 'KeyMismatch' } });
  });
});

test('Output that cannot be written is reported on standard error and by an exit code', async () => {
  const full = openSync('/dev/full', 'w');

  const child = spawn(process.execPath, [program, 'schema'], { stdio: ['ignore', full, 'pipe'] });
  const [err, [code]] = await Promise.all([text(child.stderr as Readable), once(child, 'exit')]);
  closeSync(full);

  expect(err).toMatch(/^certferry: the output is incomplete: .*no space left.*\n$/);
  expect(code).toBe(3);
});

describe('probe', () => {
  let server: Server;
  let endpoint: string;

  beforeAll(async () => {
    server = createServer({ cert: version.fullchainPem, key: version.keyPem }, (socket) => socket.end());
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    endpoint = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterAll(() => void server.close());

  test('Probe prints what is served', async () => {
    const { code, out } = await captured('probe', endpoint, '--server-name', name);

    expect(code).toBe(0);
    for (const part of [endpoint, name, version.fingerprint, '2 certificates', 'TLSv1.3']) {
      expect(out).toContain(part);
    }
  });

  test('Probe warns of a name that is not covered', async () => {
    const { out } = await captured('probe', endpoint, '--server-name', 'other.example.test');

    expect(out).toContain('warning: does not cover other.example.test');
  });

  test('Probe exits with 0 when what is expected is served, in whatever way it is written', async () => {
    const digits = version.fingerprint.replace('sha256:', '');
    const openssl = digits.toUpperCase().replace(/(..)(?=.)/g, '$1:');

    expect(await captured('probe', endpoint, '--expect', version.fingerprint)).toMatchObject({ code: 0 });
    expect(await captured('probe', endpoint, '--expect', openssl)).toMatchObject({ code: 0 });
  });

  test('Probe exits with 1 when another leaf is served', async () => {
    const { code, out } = await captured('probe', endpoint, '--expect', `sha256:${'0'.repeat(64)}`, '--json');

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, addresses: [{ address: endpoint }] });
  });

  test('Probe exits with 1 when no address answers', async () => {
    const { code, out } = await captured('probe', '127.0.0.1:1');

    expect(code).toBe(1);
    expect(out).toContain('connection refused');
  });
});
