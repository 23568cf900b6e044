/** The probe against `openssl s_server`, a server that certferry did not write. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../../cli/demo/throwaway-ca.ts';
import { probe } from '../../../core/tls-probe/probe.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { describeWith, program } from '../../rigs/require-daemon.ts';
import { serveTcp, verifyOf, versionOf } from './endpoints.ts';

describeWith([program('openssl')], 'openssl s_server', () => {
  let folder: string;
  let rsa: IssuedCertificate;
  let ec: IssuedCertificate;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certferry-probe-'));
    [rsa, ec] = await Promise.all([aVersion({ keyType: 'rsa2048' }), aVersion()]);
    for (const [name, { certPem, chainPem, keyPem }] of Object.entries({ rsa, ec })) {
      writeFileSync(join(folder, `${name}.pem`), certPem);
      writeFileSync(join(folder, `${name}.chain.pem`), chainPem);
      writeFileSync(join(folder, `${name}.key`), keyPem, { mode: 0o600 });
    }
  });

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const leaf = ['-cert', 'ec.pem', '-key', 'ec.key'];
  const both = [
    ...[...leaf, '-cert_chain', 'ec.chain.pem'],
    ...['-dcert', 'rsa.pem', '-dkey', 'rsa.key', '-dcert_chain', 'rsa.chain.pem'],
  ];

  async function serve(...options: string[]): Promise<number> {
    const free = await serveTcp(() => {});
    await free.close();
    const args = ['s_server', '-accept', `127.0.0.1:${free.port}`, ...options];
    const child = spawn('openssl', args, { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`openssl s_server ended with ${code}`)));
      child.stdout.on('data', (output) => /ACCEPT/.test(String(output)) && resolve());
    });
    return free.port;
  }

  test.each([
    ['TLS 1.3', []],
    ['TLS 1.2', ['-tls1_2']],
    [
      'TLS 1.2 with static RSA first',
      ['-tls1_2', '-serverpref', '-cipher', 'AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256'],
    ],
    ['TLS 1.0', ['-tls1', '-cipher', 'DEFAULT:@SECLEVEL=0']],
  ])('openssl s_server serves whichever of two certificates was deployed (%s)', async (_, options) => {
    const port = await serve(...both, ...options);

    for (const version of [versionOf(rsa, 'rsa'), versionOf(ec, 'ec')]) {
      const observations = await probe({ verify: verifyOf(port, { successThreshold: 2 }), version });
      expect(observations).toEqual([
        { address: `127.0.0.1:${port}`, fingerprint: version.fingerprint, ok: true, problem: null },
      ]);
    }
  });

  test('openssl s_server with the leaf alone sends no intermediate, and the probe reports it', async () => {
    const port = await serve(...leaf);
    const [intermediate = ''] = versionOf(ec).chain;

    const [observation] = await probe({ verify: verifyOf(port), version: versionOf(ec) });

    expect(observation?.problem).toBe(`intermediate ${intermediate.slice(0, 19)}… is not sent`);
  });
});
