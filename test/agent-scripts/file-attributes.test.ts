import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { filesBelow, fingerprintOfFile, identityOf, scratchFolder } from './disk.ts';
import { aTarget, runAgentWith, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let folders = 0;

const aclOf = (path: string) => execFileSync('getfacl', ['-cpn', path], { encoding: 'utf8' }).trim();
const attributesOf = (path: string) =>
  execFileSync('getfattr', ['-d', '--absolute-names', path], { encoding: 'utf8' }).trim();

/** A target with a deployed version, whose key has an ACL: one user may read it, and its group may not. */
async function aKeyWithAcl() {
  folders += 1;
  const tls = join(scratch, `tls-${folders}`);
  mkdirSync(tls);
  const [certPath, keyPath] = [join(tls, 'fullchain.pem'), join(tls, 'privkey.pem')];
  const target = aTarget('files', { certPath, keyPath, reloadCommand: ['true'] });
  const host = testHost(join(scratch, `agent-${folders}`));
  const first = await aVersion();
  await host.send('deploy', { target, version: first });
  execFileSync('setfacl', ['-m', 'u:daemon:r,g::-', keyPath]);
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'of the administrator', keyPath]);
  return { tls, certPath, keyPath, target, host, first };
}

describeWith([root, program('setfacl', 'acl'), program('setfattr', 'attr')], 'attributes of files', () => {
  test('A renewal, an undo and a rollback keep ACL and extended attributes, so that no reader is locked out and no group is let in', async () => {
    const { keyPath, target, host } = await aKeyWithAcl();
    const before = { acl: aclOf(keyPath), attributes: attributesOf(keyPath) };
    const now = () => ({ acl: aclOf(keyPath), attributes: attributesOf(keyPath) });
    expect(before.acl).toContain('user:1:r--\ngroup::---\nmask::r--');

    const renewal = await host.send('deploy', { target, version: await aVersion() });
    expect(renewal.outcome).toBe('applied');
    expect(now()).toEqual(before);

    const last = await host.send('deploy', { target, version: await aVersion() });
    expect(await host.send('undo', { target, header: { deploymentId: last.deploymentId } })).toMatchObject({
      outcome: 'restored',
    });
    expect(now()).toEqual(before);

    expect(await host.send('rollback', { target })).toMatchObject({ outcome: 'applied' });
    expect(now()).toEqual(before);
  });

  test('If ACL and attributes cannot be copied, the deployment ends before any live file changes', async () => {
    const { tls, certPath, keyPath, target, host, first } = await aKeyWithAcl();
    const programs = join(scratch, `programs-${folders}`);
    mkdirSync(programs);
    writeFileSync(join(programs, 'cp'), '#!/bin/sh\necho "cp: cannot preserve" >&2\nexit 1\n');
    chmodSync(join(programs, 'cp'), 0o755);
    const before = [identityOf(certPath), identityOf(keyPath)];
    const job = await host.jobText('deploy', { target, version: await aVersion() });

    const { line } = await runAgentWith(host.home, job, ['env', `PATH=${programs}:${process.env.PATH}`]);

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'StagingFailed' });
    expect(line?.summary).toMatch(/cp could not copy .*cannot preserve.*; nothing was changed/);
    expect([identityOf(certPath), identityOf(keyPath)]).toEqual(before);
    expect(filesBelow(tls)).toEqual(['fullchain.pem', 'privkey.pem']);
    expect(fingerprintOfFile(certPath)).toBe(first.fingerprint);
  });
});
