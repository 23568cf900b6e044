import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createKeyDetector } from '../../core/redaction/key-detector.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { filesBelow, scratchFolder } from './disk.ts';
import { aTarget, type TestHost, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;

/** Commands that print the key file `"$0"`. */
const prints = {
  'openssl pkey -text': 'openssl pkey -in "$0" -noout -text',
  'openssl pkey -text, its first 1,500 characters': 'openssl pkey -in "$0" -noout -text | head -c 1500',
  'openssl asn1parse': 'openssl asn1parse -in "$0"',
  'DER as raw bytes': 'openssl pkey -in "$0" -outform DER',
  xxd: 'openssl pkey -in "$0" -outform DER | xxd',
  'xxd -p of the PEM': 'xxd -p "$0"',
  'od -An -tx1': 'openssl pkey -in "$0" -outform DER | od -An -tx1',
  'od -x': 'openssl pkey -in "$0" -outform DER | od -x',
  'od -b': 'openssl pkey -in "$0" -outform DER | od -b',
  'od -c of the PEM': 'od -c "$0"',
  'hexdump -C of the PEM': 'hexdump -C "$0"',
  'base64 wrapped after 5 characters': 'openssl pkey -in "$0" -outform DER | base64 -w 5',
  'base64 wrapped after 39 characters': 'openssl pkey -in "$0" -outform DER | base64 -w 39',
  'base64 of the PEM': 'base64 -w 0 "$0"',
  'PEM folded after 20 characters, indented': 'fold -w 20 "$0" | sed "s/^/        /"',
  'a long output that ends with parts of a dump':
    'openssl pkey -in "$0" -outform DER | xxd > "$0.dump"; seq 1 9000; head -n 4 "$0.dump"; tail -n 3 "$0.dump"',
} as const;

/** A target whose reload command prints its key file and fails, if the folder contains the file `leak`. */
async function aLeakyHost(keyType: 'rsa2048' | 'p256' | 'ed25519', print: string, changes: object = {}) {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const keyPath = join(folder, 'tls/key.pem');
  const script = `${print}; exit 7`;
  const target = aTarget('files', {
    certPath: join(folder, 'tls/cert.pem'),
    keyPath,
    reloadCommand: ['/bin/sh', '-c', script, keyPath],
    ...changes,
  });
  return {
    folder,
    keyPath,
    target,
    version: await aVersion({ keyType }),
    host: testHost(join(folder, 'home')),
  };
}

/** No text that left the agent, and no receipt, contains part of the key. */
function expectNoPart(host: TestHost, keyPem: string): void {
  const detect = createKeyDetector([createPrivateKey(keyPem)]);
  const receipts = filesBelow(host.home).filter((name) => name.endsWith('.json') && name !== 'keys.json');
  for (const text of [
    ...host.printed,
    ...receipts.map((name) => readFileSync(join(host.home, name), 'utf8')),
  ]) {
    expect(detect(Buffer.from(text))).toBe(false);
  }
}

const programs = [
  program('flock', 'util-linux'),
  program('openssl'),
  program('xxd'),
  program('hexdump', 'bsdextrautils'),
];

describeWith(programs, 'a command that prints the key', () => {
  test.each(
    Object.entries(prints).flatMap(([name, print]) =>
      (['rsa2048', 'p256', 'ed25519'] as const).map((keyType) => ({ name, print, keyType })),
    ),
  )(
    'The result of a failing reload command contains no part of a $keyType key that the command printed with $name',
    async ({ print, keyType }) => {
      const { host, target, version } = await aLeakyHost(keyType, print);

      const line = await host.send('deploy', { target, version });

      expectNoPart(host, version.keyPem);
      expect(line.outcome).toBe('rollback_failed');
      expect(line.summary).toContain('exited with 7: output withheld: it contains part of a private key');
    },
  );

  test('The result of a failing validation contains no part of the staged key that the command printed', async () => {
    const { host, target, version } = await aLeakyHost('p256', 'true', {
      validateCommand: [
        '/bin/sh',
        '-c',
        'for file in "$0" "${0%/*}"/.key.pem*; do xxd "$file"; done; exit 1',
        join(scratch, `host-${count + 1}`, 'tls/key.pem'),
      ],
    });

    const line = await host.send('deploy', { target, version });

    expectNoPart(host, version.keyPem);
    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toContain('output withheld');
  });

  test('The result of a failed rollback contains no part of the previous key that the reload printed', async () => {
    const { host, target, version, keyPath } = await aLeakyHost('rsa2048', 'true', {
      reloadCommand: ['true'],
    });
    await host.send('deploy', { target, version });
    const leaky = {
      ...target,
      config: { ...target.config, reloadCommand: ['/bin/sh', '-c', 'xxd "$0"; exit 1', keyPath] },
    };

    const line = await host.send('deploy', { target: leaky as typeof target, version: await aVersion() });

    expectNoPart(host, version.keyPem);
    expect(line.outcome).toBe('rollback_failed');
    expect(line.summary.match(/output withheld/g)).toHaveLength(2);
  });

  test('The result of the job undo contains no part of the restored key that the reload printed', async () => {
    const marker = join(scratch, `host-${count + 1}`, 'leak');
    const keyPath = join(scratch, `host-${count + 1}`, 'tls/key.pem');
    const reloadCommand = ['/bin/sh', '-c', '[ -e "$1" ] || exit 0; od -x "$0"; exit 1', keyPath, marker];
    const { host, target, version, folder } = await aLeakyHost('rsa2048', '', { reloadCommand });
    await host.send('deploy', { target, version });
    const header = { deploymentId: 'd-undone', fence: 7 };
    await host.send('deploy', { target, version: await aVersion(), header });
    mkdirSync(join(folder, 'leak'));

    const line = await host.send('undo', { target, header });

    expect(existsSync(marker)).toBe(true);
    expectNoPart(host, version.keyPem);
    expect(line.outcome).toBe('rollback_failed');
    expect(line.summary).toContain('output withheld');
  });

  test('The result of a failing reload command still has its output if it contains no key', async () => {
    const { host, target, version } = await aLeakyHost(
      'p256',
      'openssl x509 -in "${0%/*}/cert.pem" -noout -text | head -n 4',
    );

    const line = await host.send('deploy', { target, version });

    expect(line.summary).toContain('Serial Number');
    expect(line.summary).not.toContain('withheld');
  });
});
