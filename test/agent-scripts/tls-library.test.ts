import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { refuseOldTlsLibrary } from '../../agent-scripts/validation/tls-library.ts';
import type { KeyAlgorithm, VersionFacts } from '../../core/deployment/version.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { scratchFolder } from './disk.ts';

const scratch = scratchFolder();
let count = 0;

/** A program in a folder of its own that prints a text, and a file that exists once it has run. */
function aProgram(name: string, text: string): { readonly path: string; readonly ran: string } {
  const folder = join(scratch, `programs-${++count}`);
  mkdirSync(folder);
  const [path, ran] = [join(folder, name), join(folder, 'ran')];
  writeFileSync(path, `#!/bin/sh\ntouch '${ran}'\ncat >&2 <<'END'\n${text}\nEND\n`);
  chmodSync(path, 0o755);
  return { path, ran };
}

const versionWith = (keyAlgorithm: KeyAlgorithm): VersionFacts => ({
  fingerprint: `sha256:${'0'.repeat(64)}`,
  chain: [],
  keyAlgorithm,
  notAfter: 1_900_000_000,
});

test.each([
  [
    'nginx',
    'nginx',
    'built with OpenSSL 3.0.0 7 Sep 2021 (running with OpenSSL 3.0.22 25 Aug 2026)',
    '3.0.22',
  ],
  [
    'haproxy',
    'haproxy',
    'Built with OpenSSL version : OpenSSL 3.5.0\nRunning on OpenSSL version : OpenSSL 3.4.1',
    '3.4.1',
  ],
  ['postfix', 'postconf', 'OpenSSL 1.1.1w  11 Sep 2023', '1.1.1w'],
])(
  'The agent refuses ML-DSA for %s with an OpenSSL before 3.5, and names the version in use',
  async (daemon, printer, text, version) => {
    const { path } = aProgram(printer, text);
    const check = [path.replace(/[^/]+$/, daemon), 'check'];

    await expect(refuseOldTlsLibrary(versionWith('ml-dsa'), check)).rejects.toMatchObject({
      name: 'KeyTypeUnsupported',
      message: expect.stringContaining(`runs with OpenSSL ${version}, which cannot load`),
    });
  },
);

test.each([
  ['OpenSSL 3.5', 'built with OpenSSL 3.0.2 (running with OpenSSL 3.5.4 30 Sep 2026)'],
  ['OpenSSL 4', 'built with OpenSSL 4.0.0'],
  ['another library', 'built with BoringSSL (compatible; running with BoringSSL)'],
])('The agent leaves the decision about ML-DSA to the check of a daemon with %s', async (_, text) => {
  const { path, ran } = aProgram('nginx', text);

  await refuseOldTlsLibrary(versionWith('ml-dsa'), [path, '-t']);

  expect(existsSync(ran)).toBe(true);
});

test('The agent asks no daemon for its library if the key is not ML-DSA, or the daemon has no check', async () => {
  const { path, ran } = aProgram('nginx', 'built with OpenSSL 3.0.2');

  await refuseOldTlsLibrary(versionWith('ec'), [path, '-t']);
  await refuseOldTlsLibrary(versionWith('ml-dsa'), null);
  await refuseOldTlsLibrary(versionWith('ml-dsa'), ['/bin/true']);

  expect(existsSync(ran)).toBe(false);
});

/** Debian's modules load the OpenSSL of the distribution, as does its program. */
describeWith([program('apache2'), program('openssl')], 'agent on a host with Apache', () => {
  test.each([
    ['apachectl', '/usr/lib/apache2/modules/mod_ssl.so'],
    ['doveconf', '/usr/lib/dovecot/modules/libssl_iostream_openssl.so'],
  ])('The agent finds the OpenSSL of %s in the library that its module loads', async (name, module) => {
    const [, version, major, minor] =
      /OpenSSL ((\d+)\.(\d+)\.\w+)/.exec(execFileSync('openssl', ['version'], { encoding: 'utf8' })) ?? [];
    const isKnown = existsSync(module) && Number(major) * 100 + Number(minor) < 305;

    const call = refuseOldTlsLibrary(versionWith('ml-dsa'), [name]);

    if (isKnown)
      await expect(call).rejects.toThrow(`${name} runs with OpenSSL ${version}, which cannot load`);
    else await call;
  });
});
