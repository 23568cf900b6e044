import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { observe, versionOf } from '../core/tls-probe/endpoints.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { startSlapd } from '../rigs/slapd.ts';

const scratch = scratchFolder();
let count = 0;
let running: Awaited<ReturnType<typeof startSlapd>> | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function aSlapd(version: IssuedCertificate | null): Promise<number> {
  const folder = join(scratch, `${++count}`);
  mkdirSync(folder);
  running = await startSlapd(folder, version);
  return running.port;
}

describeWith([program('slapd')], 'a probe of a real slapd', () => {
  test('A probe of a real slapd sees what it serves after STARTTLS', async () => {
    const version = await aVersion();
    const port = await aSlapd(version);

    const seen = await observe(port, versionOf(version), { protocol: 'ldap', successThreshold: 3 });

    expect(seen).toMatchObject({ ok: true, fingerprint: version.fingerprint });
  });

  test('A probe of a real slapd without TLS reports that it does not offer STARTTLS', async () => {
    const port = await aSlapd(null);

    const seen = await observe(port, null, { protocol: 'ldap' });

    expect(seen.problem).toBe('STARTTLS is not offered ("LDAP result 2")');
  });
});
