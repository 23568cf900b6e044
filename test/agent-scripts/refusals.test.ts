import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAgentLine } from '../../core/deployment/agent-line.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { signed, signedOpenJob } from '../fixtures/signed-jobs.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { filesBelow, fingerprintOfFile, identityOf, pairMatches, scratchFolder, smallDisk } from './disk.ts';
import { aTarget, runAgentWith, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;

/** A `files` target with a deployed first version, whose reload is a program that always succeeds. */
async function aDeployed(changes: object = {}, home?: string) {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const certPath = join(folder, 'tls/cert.pem');
  const keyPath = join(folder, 'tls/key.pem');
  const target = aTarget('files', { certPath, keyPath, reloadCommand: ['true'], ...changes });
  const host = testHost(home ?? join(folder, 'home'));
  const first = await aVersion();
  const line = await host.send('deploy', { target, version: first });
  expect(line.outcome).toBe('applied');
  return { folder, certPath, keyPath, target, host, first };
}

describeWith([program('flock', 'util-linux')], 'agent', () => {
  test('The agent refuses a fence below the highest it has seen, and keeps what is there', async () => {
    const { host, target, certPath, first } = await aDeployed();
    await host.send('deploy', { target, version: await aVersion(), header: { fence: 9 } });
    const before = identityOf(certPath);

    const line = await host.send('deploy', { target, version: first, header: { fence: 8 } });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'StaleFence' });
    expect(line.summary).toContain('fence 8');
    expect(identityOf(certPath)).toEqual(before);
  });

  test('The agent refuses a job that arrives after its time', async () => {
    const { host, target, certPath, first } = await aDeployed();

    const line = await host.send('deploy', {
      target,
      version: await aVersion(),
      header: { expiresAt: Math.floor(Date.now() / 1_000) - 5 },
    });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'JobExpired' });
    expect(fingerprintOfFile(certPath)).toBe(first.fingerprint);
  });

  test('The agent answers what it has finished from its receipt, and refuses another execution of the same name', async () => {
    const { host, target, certPath } = await aDeployed();
    const sent = { target, version: await aVersion(), header: { deploymentId: 'd-once', fence: 5 } };
    const first = await host.send('deploy', sent);
    const before = identityOf(certPath);

    const again = await host.send('deploy', sent);

    expect(again).toMatchObject({ outcome: first.outcome, summary: first.summary, version: first.version });
    const namesake = { ...sent, header: { deploymentId: 'd-once', fence: 6 } };
    expect(await host.send('deploy', namesake)).toMatchObject({
      outcome: 'rejected',
      reason: 'InvalidRequest',
    });
    expect(identityOf(certPath)).toEqual(before);
  });

  test('The agent answers with its own key when a job is sealed to a key it does not have', async () => {
    const { host, target } = await aDeployed();
    const stranger = testHost(join(scratch, `host-${count}`, 'other-home'));
    const job = await stranger.jobText('deploy', { target, version: await aVersion() });

    const { line } = await runAgentWith(host.home, job);

    expect(line).toMatchObject({ outcome: 'enrolled', reason: 'UnknownHostKey' });
    expect(line?.hostKey).not.toBeNull();
  });

  test('The agent never names a job that is not one, and does not leave its text in a message', async () => {
    const { host } = await aDeployed();

    const garbage = await runAgentWith(host.home, await signed('bm90IGEgam9i'));

    expect(garbage.code).toBe(1);
    expect(garbage.stdout).toBe('');
    expect(garbage.stderr).toMatch(/certferry agent: .*job/);
  });

  test('The agent refuses an open job that claims to be a deployment', async () => {
    const { host } = await aDeployed();
    const header = {
      v: 1,
      action: 'deploy',
      deploymentId: 'd',
      targetId: 'web-1',
      fence: 99,
      expiresAt: 9_999_999_999,
    } as const;

    const { line, code } = await runAgentWith(host.home, await signedOpenJob({ header, probe: null }));

    expect(line).toBeNull();
    expect(code).toBe(1);
  });

  test('The agent refuses a pair that does not match although its sender sealed it', async () => {
    const { host, target, certPath, first } = await aDeployed();
    const one = await aVersion();
    const other = await aVersion();

    const line = await host.send('deploy', { target, version: { ...one, keyPem: other.keyPem } });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'KeyMismatch' });
    expect(fingerprintOfFile(certPath)).toBe(first.fingerprint);
  });

  test('The agent names the missing folder, and a destination that is no file', async () => {
    const { host, folder } = await aDeployed();
    const config = {
      certPath: join(folder, 'nowhere/cert.pem'),
      keyPath: join(folder, 'tls/key.pem'),
      reloadCommand: ['true'],
    };
    const version = await aVersion();

    const missing = await host.send('deploy', { target: aTarget('files', config), version });
    const folderInTheWay = await host.send('deploy', {
      target: aTarget('files', { ...config, certPath: join(folder, 'tls') }),
      version,
    });

    expect(missing).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
    expect(missing.summary).toContain(`${folder}/nowhere does not exist`);
    expect(folderInTheWay.summary).toContain('is not a regular file');
  });

  test('The agent reports the loss of 150 long names and a megabyte of output in the part of its output that SSM keeps', async () => {
    const { host, target } = await aDeployed();
    const label = 'a'.repeat(60);
    const names = Array.from({ length: 150 }, (_, at) => `n${at}.${label}.${label}.${label}.example.test`);
    await host.send('deploy', { target, version: await aVersion({ names }) });
    const noisy = aTarget('files', {
      ...target.config,
      reloadCommand: [
        'sh',
        '-c',
        'head -c 1000000 /dev/zero | tr "\\0" "é" >&2; echo the reason >&2; exit 1',
      ],
    });

    const { stdout } = await host.run('deploy', { target: noisy, version: await aVersion() });

    const line = readAgentLine(Buffer.from(stdout).subarray(0, 24_000).toString());
    expect(line).toMatchObject({ outcome: 'rollback_failed', repair: { commands: expect.anything() } });
    expect(line?.summary).toContain('the reason');
    expect(line?.warnings).toEqual([
      expect.stringMatching(/^the new certificate no longer covers n0\..* and 148 more$/),
    ]);
  });

  test('The agent lets two agents on one host wait for each other, and loses neither', async () => {
    const { host, target, certPath, keyPath } = await aDeployed({ reloadCommand: ['sleep', '0.3'] });
    const versions = await Promise.all([aVersion(), aVersion(), aVersion(), aVersion()]);

    const lines = await Promise.all(versions.map((version) => host.send('deploy', { target, version })));

    expect(lines.every((line) => line.outcome === 'applied' || line.reason === 'StaleFence')).toBe(true);
    expect(pairMatches(certPath, keyPath)).toBe(true);
    expect(fingerprintOfFile(certPath)).toBe(versions.at(-1)?.fingerprint);
    expect(filesBelow(join(certPath, '..'))).toEqual(['cert.pem', 'key.pem']);
  });

  test('The agent keeps backups of the last versions only, and never fewer than the one needed to go back', async () => {
    const { host, target } = await aDeployed({ backupRetention: 2 });
    for (let round = 0; round < 5; round += 1)
      await host.send('deploy', { target, version: await aVersion() });
    const backups = join(host.home, 'targets/web-1/backups');
    expect(filesBelow(backups)).toHaveLength(2 * 2);

    const none = await aDeployed({ backupRetention: 0 });
    await none.host.send('deploy', { target: none.target, version: await aVersion() });
    expect(filesBelow(join(none.host.home, 'targets/web-1/backups'))).toHaveLength(2);
  });
});

describeWith([program('flock', 'util-linux'), root], 'agent as root', () => {
  test('The agent changes nothing when the disk is full, and reports it', async () => {
    const disk = smallDisk(join(scratch, `disk-${count}`), '64k');
    const certPath = join(disk, 'cert.pem');
    const keyPath = join(disk, 'key.pem');
    const target = aTarget('files', { certPath, keyPath, reloadCommand: ['true'] });
    const host = testHost(join(scratch, `home-of-disk-${count}`));
    const first = await aVersion();
    await host.send('deploy', { target, version: first });
    const before = [identityOf(certPath), identityOf(keyPath)];
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${disk}/filler bs=1k 2>/dev/null || true`]);

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'StagingFailed' });
    expect(line.summary).toContain('the disk is full');
    expect([identityOf(certPath), identityOf(keyPath)]).toEqual(before);
    expect(filesBelow(disk)).toEqual(['cert.pem', 'filler', 'key.pem']);
  });

  test('The agent backs up by copy where its own folder is on another file system, and restores owner and mode from it', async () => {
    const home = smallDisk(join(scratch, `other-disk-${count}`), '4m');
    const { host, target, certPath, keyPath, first } = await aDeployed({}, home);
    chownSync(keyPath, 33, 33);
    const line = await host.send('deploy', { target, version: await aVersion() });

    const undone = await host.send('undo', { target, header: { deploymentId: line.deploymentId } });

    expect(undone.outcome).toBe('restored');
    expect(fingerprintOfFile(certPath)).toBe(first.fingerprint);
    expect(statSync(keyPath)).toMatchObject({ uid: 33, gid: 33 });
  });

  test('The agent does not restore a damaged backup, and reports its path', async () => {
    const { host, target, keyPath } = await aDeployed();
    const line = await host.send('deploy', { target, version: await aVersion() });
    const backup = join(host.home, 'targets/web-1/backups', line.deploymentId, '0-key.pem');
    writeFileSync(backup, 'damaged');
    const before = readFileSync(keyPath, 'utf8');

    const undone = await host.send('undo', { target, header: { deploymentId: line.deploymentId } });

    expect(undone.outcome).toBe('rollback_failed');
    expect(undone.summary).toContain(`the backup ${backup} is damaged`);
    expect(undone.repair?.commands[0]).toBe(`cp -p -- ${backup} ${keyPath}`);
    expect(readFileSync(keyPath, 'utf8')).toBe(before);
  });

  test('The agent validates the installed files if it cannot create namespaces, restores the previous inodes, and reports which way it validated', async () => {
    const { folder, certPath, keyPath, target } = await aDeployed({ validateCommand: ['true'] });
    execFileSync('chown', ['-R', '65534:65534', folder]);
    execFileSync('chmod', ['755', scratch]);
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const host = testHost(join(folder, 'home-of-nobody'), asNobody);
    mkdirSync(host.home);
    chownSync(host.home, 65534, 65534);
    const enrolled = await runAgentWith(
      host.home,
      await signedOpenJob({
        header: {
          v: 1,
          action: 'enroll',
          deploymentId: 'd-e',
          targetId: 'web-1',
          fence: 0,
          expiresAt: 9_999_999_999,
        },
        probe: null,
      }),
      asNobody,
    );
    expect(enrolled.line?.outcome).toBe('enrolled');
    const before = [identityOf(certPath), identityOf(keyPath)];
    const refusing = aTarget('files', {
      certPath,
      keyPath,
      validateCommand: ['false'],
      reloadCommand: ['true'],
    });

    const refused = await host.run('deploy', { target: refusing, version: await aVersion() });
    expect(refused.line).toMatchObject({ outcome: 'validate_failed', validatedIn: 'in_place' });
    expect([identityOf(certPath), identityOf(keyPath)]).toEqual(before);

    const accepted = await host.run('deploy', { target, version: await aVersion() });
    expect(accepted.line).toMatchObject({ outcome: 'applied', validatedIn: 'in_place' });
    expect(accepted.line?.warnings[0]).toContain('a mount namespace needs root');
    expect(existsSync(join(host.home, 'journal.json'))).toBe(false);
  });
});
