import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { fingerprintOfFile, scratchFolder } from './disk.ts';
import { aTarget, testHost } from './run-agent.ts';

const mounts: string[] = [];
const scratch = scratchFolder();
afterAll(() => {
  for (const mount of mounts) execFileSync('umount', [mount]);
});

describeWith([program('flock', 'util-linux'), root], 'tidying up after a deployment', () => {
  test('The clean-up after a deployment does not call it refused when an old backup cannot be removed', async () => {
    mkdirSync(join(scratch, 'tls'));
    const [certPath, keyPath] = [join(scratch, 'tls/cert.pem'), join(scratch, 'tls/key.pem')];
    const target = aTarget('files', { certPath, keyPath, reloadCommand: ['true'], backupRetention: 0 });
    const host = testHost(join(scratch, 'home'));
    await host.send('deploy', { target, version: await aVersion() });
    const old = await host.send('deploy', { target, version: await aVersion() });
    const backups = join(host.home, 'targets/web-1/backups', old.deploymentId);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=0700', 'tmpfs', backups]);
    mounts.push(backups);
    const next = await aVersion();

    const line = await host.send('deploy', { target, version: next });

    expect(line.outcome).toBe('applied');
    expect(fingerprintOfFile(certPath)).toBe(next.fingerprint);
  });
});
