import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';

/** Protocols for which openssl supports STARTTLS (openssl-s_client(1), `-starttls`). */
export type OpensslProtocol = 'smtp' | 'imap' | 'pop3' | 'sieve' | 'postgres' | 'mysql' | 'ldap';

/** Fingerprint of the leaf that a loopback port serves after STARTTLS, probed with openssl, not with certferry. */
export async function servedAfterStarttls(port: number, protocol: OpensslProtocol): Promise<string> {
  const words = ['s_client', '-connect', `127.0.0.1:${port}`, '-starttls', protocol];
  const client = spawn('openssl', [...words, '-servername', 'www.example.test'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  client.stdin.on('error', () => {}).end();
  let output = '';
  for (const stream of [client.stdout, client.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('latin1');
    });
  }
  await new Promise((resolve) => client.once('close', resolve));
  const pem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(output)?.[0];
  if (pem === undefined)
    throw new Error(`no certificate after STARTTLS of ${protocol}: ${output.slice(0, 300)}`);
  return `sha256:${new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()}`;
}
