import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { fingerprintOfFile, pairMatches, scratchFolder } from './disk.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();

describeWith([program('flock', 'util-linux')], 'two agents with homes of their own', () => {
  test("Two agents with homes of their own compare files under the lock of the shared folder, so that neither destroys the other's rollback", async () => {
    mkdirSync(join(scratch, 'tls'));
    const [certPath, keyPath] = [join(scratch, 'tls/cert.pem'), join(scratch, 'tls/key.pem')];
    // the check takes so long that the other agent reads the files before they are replaced
    const commands = { validateCommand: ['sleep', '0.6'], reloadCommand: ['true'] };
    const target = aTarget('files', { certPath, keyPath, ...commands });
    const hosts = [testHost(join(scratch, 'one')), testHost(join(scratch, 'other'))] as const;
    await hosts[0].send('deploy', { target, version: await aVersion() });
    // enrolled before, so that both start at the same time
    await hosts[1].jobText('deploy', { target, version: await aVersion() });
    const versions = [await aVersion(), await aVersion()] as const;

    const lines = await Promise.all([
      hosts[0].send('deploy', { target, version: versions[0] }),
      hosts[1].send('deploy', { target, version: versions[1] }),
    ]);
    const last = fingerprintOfFile(certPath) === versions[0].fingerprint ? 0 : 1;
    const header = { deploymentId: lines[last].deploymentId };
    const undone = await hosts[last].send('undo', { target, header });

    expect(lines.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    expect(undone).toMatchObject({ outcome: 'restored', warnings: [] });
    expect(fingerprintOfFile(certPath)).toBe(versions[1 - last]?.fingerprint);
    expect(pairMatches(certPath, keyPath)).toBe(true);
  });
});
