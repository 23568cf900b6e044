import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { account } from '../fakes/big-ip/big-ip.ts';
import { anAuthority, aVersion } from '../fixtures/certificates.ts';
import { type BigIpSite, profilePath, startBigIp, type Version, versionOf } from '../rigs/big-ip.ts';
import { bigIpClients } from './programs.ts';

const script = join(import.meta.dirname, 'big-ip-clients.py');

let site: BigIpSite;
let next: Version;
let folder: string;

beforeEach(async () => {
  site = await startBigIp();
  next = versionOf(await aVersion());
  folder = mkdtempSync(join(tmpdir(), 'big-ip-clients-'));
  writeFileSync(join(folder, 'root.pem'), (await anAuthority()).rootPem);
  writeFileSync(join(folder, 'peer.key'), next.bundle.key);
  writeFileSync(join(folder, 'peer.crt'), next.bundle.leaf);
  writeFileSync(join(folder, 'chain.crt'), next.bundle.chain.join(''));
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await site.close();
});

/** What a client reports about its deployment to the strict server. */
async function drive(client: string): Promise<unknown> {
  const address = `${site.config.address}:${site.config.port}`;
  const files = ['peer.key', 'peer.crt', 'chain.crt'].map((name) => join(folder, name));
  const { stdout } = await promisify(execFile)('python3', [script, client, address, ...files, 'peer'], {
    env: {
      PATH: process.env.PATH,
      PYTHONPATH: bigIpClients.folder,
      PYTHONDONTWRITEBYTECODE: '1',
      REQUESTS_CA_BUNDLE: join(folder, 'root.pem'),
      BIGIP_USERNAME: account.username,
      BIGIP_PASSWORD: account.password,
    },
  });
  return JSON.parse(stdout);
}

describe('independent clients and the strict server of a BIG-IP', () => {
  test('bigrest uploads, creates, validates, commits, saves and removes its upload', async () => {
    const report = await drive('bigrest');

    const hex = next.version.fingerprint.slice('sha256:'.length).toUpperCase();
    const fingerprint = `SHA256/${hex.match(/../g)?.join(':')}`;
    expect(report).toEqual({ validated: 'COMPLETED', committed: 'COMPLETED', fingerprint });
    expect(site.device.serves(profilePath, 0, site.device.saved)).toBe(next.version.fingerprint);
    expect([...site.device.uploads.keys()]).toEqual(['peer.crt']);
  });

  test('f5-sdk changes the profile in a transaction, and reads the previous reference until its commit', async () => {
    const report = await drive('f5-sdk');

    expect(report).toEqual({
      version: '16.1.2',
      before: '/Common/by-hand-default.crt',
      after: '/Common/peer',
    });
    expect(site.device.serves(profilePath, 0, site.device.saved)).toBe(next.version.fingerprint);
    expect([...site.device.uploads.keys()]).toEqual(['peer.crt']);
  });

  test('certbot-bigip creates key and certificate inside of a transaction and saves', async () => {
    const report = await drive('certbot-bigip');

    expect(report).toEqual({ before: [false, false], after: [true, true] });
    expect([...site.device.saved.files['ssl-key'].keys()]).toContain('/Common/peer_Letsencrypt');
    expect([...site.device.saved.files['ssl-cert'].keys()]).toContain('/Common/peer-chain_Letsencrypt');
  });
});
