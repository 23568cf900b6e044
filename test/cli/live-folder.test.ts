import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { beforeEach, expect, test } from 'vitest';
import { findLivePair } from '../../cli/input/live-folder.ts';
import { readBundleFiles } from '../../cli/input/read-bundle-files.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { certbotLineage } from '../rigs/certbot-lineage.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'live-'));
});

test.each([
  [
    'certbot and dehydrated',
    ['cert.pem', 'chain.pem', 'fullchain.pem', 'privkey.pem', 'README'],
    'fullchain.pem',
    'privkey.pem',
  ],
  [
    'acme.sh',
    ['ca.cer', 'example.com.cer', 'example.com.conf', 'example.com.key', 'fullchain.cer'],
    'fullchain.cer',
    'example.com.key',
  ],
  [
    'lego with one certificate',
    ['example.com.crt', 'example.com.issuer.crt', 'example.com.json', 'example.com.key'],
    'example.com.crt',
    'example.com.key',
  ],
  ['Kubernetes', ['ca.crt', 'tls.crt', 'tls.key'], 'tls.crt', 'tls.key'],
])('The folder of %s has a certificate and a key', (_, names, cert, key) => {
  for (const name of names) writeFileSync(join(folder, name), '');

  expect(findLivePair(folder)).toEqual({ cert: join(folder, cert), key: join(folder, key) });
});

test.each([
  ['an empty folder', [], 'the folder is empty'],
  [
    'the folder of several certificates',
    ['a.crt', 'a.key', 'b.crt', 'b.key'],
    'it contains a.crt, a.key, b.crt, b.key',
  ],
  ['a folder without a key', ['fullchain.pem'], 'it contains fullchain.pem'],
])('The error for %s lists what is there and names the options', (_, names, expected) => {
  for (const name of names) writeFileSync(join(folder, name), '');

  expect(() => findLivePair(folder)).toThrow(expected);
  expect(() => findLivePair(folder)).toThrow('--cert FILE --key FILE');
});

test('A folder is accepted as a bundle, and its links lead to the latest version', async () => {
  const [first, second] = [await aVersion(), await aVersion()];
  mkdirSync(join(folder, 'live'));
  const live = join(folder, 'live');
  const lineage = certbotLineage({
    certPath: join(live, 'fullchain.pem'),
    keyPath: join(live, 'privkey.pem'),
  });

  lineage.renew(first);
  expect(readBundleFiles({ cert: live }, new Date()).facts.fingerprint).toBe(first.fingerprint);
  lineage.renew(second);
  expect(readBundleFiles({ cert: live }, new Date()).facts.fingerprint).toBe(second.fingerprint);
});

/** Renames a file in another thread, because reading blocks this one. The returned function ends the thread. */
async function renamedLater(from: string, to: string): Promise<() => Promise<unknown>> {
  const code = `setTimeout(() => require('node:fs').renameSync(${JSON.stringify(from)}, ${JSON.stringify(to)}), 300)`;
  const worker = new Worker(code, { eval: true });
  await new Promise((resolve) => worker.once('online', resolve));
  return () => worker.terminate();
}

test.each([
  ['A folder whose key is the previous one', true, 'folder'],
  ['A folder in which a link is missing while it is replaced', false, 'folder'],
  ['A certificate and a key that options name', true, 'files'],
] as const)('%s is read again until certificate and key belong together', async (_, hasOldKey, form) => {
  const [first, second] = [await aVersion(), await aVersion()];
  const [cert, key] = [join(folder, 'fullchain.pem'), join(folder, 'privkey.pem')];
  writeFileSync(cert, second.fullchainPem);
  if (hasOldKey) writeFileSync(key, first.keyPem, { mode: 0o600 });
  const next = join(folder, 'next');
  writeFileSync(next, second.keyPem, { mode: 0o600 });
  const end = await renamedLater(next, key);

  const { facts } = readBundleFiles(form === 'folder' ? { cert: folder } : { cert, key }, new Date());

  expect(facts.fingerprint).toBe(second.fingerprint);
  await end();
});

test('A key that an option names has precedence over the key of the folder', async () => {
  const [first, second] = [await aVersion(), await aVersion()];
  writeFileSync(join(folder, 'fullchain.pem'), first.fullchainPem);
  writeFileSync(join(folder, 'privkey.pem'), second.keyPem, { mode: 0o600 });
  const key = join(folder, 'right');
  writeFileSync(key, first.keyPem, { mode: 0o600 });

  expect(readBundleFiles({ cert: folder, key }, new Date()).facts.fingerprint).toBe(first.fingerprint);
});

test('A folder whose certificate and key never belong together is refused', async () => {
  const [first, second] = [await aVersion(), await aVersion()];
  writeFileSync(join(folder, 'fullchain.pem'), second.fullchainPem);
  writeFileSync(join(folder, 'privkey.pem'), first.keyPem, { mode: 0o600 });

  expect(() => readBundleFiles({ cert: folder }, new Date())).toThrow(
    expect.objectContaining({ name: 'KeyMismatch' }),
  );
});
