// The forms in which people have keys and certificates, made by the tools that people make them with. Keys go through
// pipes, never to a disk.
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * `openssl` with its input and one secret (`env:SECRET` in the arguments); returns what it prints. `cat` makes /dev/stdin
 * a pipe that can be opened by name: from Node it is a socket.
 */
export function openssl(args: readonly string[], input: string | Buffer = '', secret = ''): Buffer {
  const env = { ...process.env, SECRET: secret };
  return execFileSync('sh', ['-c', 'cat | openssl "$@"', 'sh', ...args], {
    input,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 20,
  });
}

/** RSA keys only: `BEGIN RSA PRIVATE KEY`. */
export function asPkcs1(keyPem: string): string {
  return createPrivateKey(keyPem).export({ type: 'pkcs1', format: 'pem' }).toString();
}

/** EC keys only: `BEGIN EC PRIVATE KEY`, behind the parameters that openssl ecparam writes. */
export function asSec1(keyPem: string): string {
  const key = createPrivateKey(keyPem).export({ type: 'sec1', format: 'pem' }).toString();
  return `${openssl(['ecparam', '-name', 'prime256v1'])}${key}`;
}

/** `BEGIN ENCRYPTED PRIVATE KEY`; `args` choose the encryption as openssl pkcs8 names it. */
export function asEncryptedPkcs8(keyPem: string, passphrase: string, args: readonly string[] = []): string {
  return openssl(['pkcs8', '-topk8', '-passout', 'env:SECRET', ...args], keyPem, passphrase).toString();
}

/** `BEGIN RSA PRIVATE KEY` (or EC) with `Proc-Type: 4,ENCRYPTED`. */
export function asLegacyEncrypted(keyPem: string, passphrase: string): string {
  const key = createPrivateKey(keyPem);
  const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1';
  return key.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString();
}

/** PKCS#12 as openssl pkcs12 -export writes it, of PEM with a leaf, its chain and its key. */
export function asPkcs12(pem: string, passphrase: string, args: readonly string[] = []): Buffer {
  const [key = '', ...certificates] = blocksOf(pem).sort((block) => (block.includes('PRIVATE KEY') ? -1 : 1));
  const folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  const file = join(folder, 'certificates.pem');
  writeFileSync(file, certificates.join(''));
  const fixed = ['pkcs12', '-export', '-name', 'a friendly name', '-in', file, '-inkey', '/dev/stdin'];
  try {
    return openssl([...fixed, '-passout', 'env:SECRET', ...args], key, passphrase);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** PEM with `Bag Attributes` around its blocks, as openssl pkcs12 writes it. */
export function withBagAttributes(pem: string): string {
  return openssl(['pkcs12', '-nodes', '-passin', 'pass:'], asPkcs12(pem, '')).toString();
}

export function withCrlf(pem: string): string {
  return pem.replaceAll('\n', '\r\n');
}

export function withByteOrderMark(pem: string): string {
  return `\uFEFF${pem}`;
}

/** UTF-16 with a byte order mark, as a redirection in Windows PowerShell writes it. */
export function asUtf16(pem: string): Buffer {
  return Buffer.from(withByteOrderMark(pem), 'utf16le');
}

/** The PEM blocks of a text, each ending in a newline. */
export function blocksOf(pem: string): string[] {
  return pem.match(/-----BEGIN [\s\S]*?-----END [A-Z0-9 ]+-----\n/g) ?? [];
}

export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}

export function armour(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;
}
