import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ssh } from '../../../agent-scripts/stores/ssh/connector.ts';
import { fingerprintOfHostKey } from '../../../core/targets/kinds/ssh-host-key.ts';
import { describeWith } from '../../rigs/require-daemon.ts';
import { type Account, type Sshd, sshdNeeds, startSshd } from '../../rigs/sshd.ts';
import { desiredOf, type SshInput, sshAccess } from './ssh-access.ts';
import { deploy, sshSite } from './ssh-site.ts';

describeWith(sshdNeeds, 'ssh: logins and servers', () => {
  let folder: string;
  let sshd: Sshd;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certferry-sshd-'));
    sshd = await startSshd(folder);
  });
  afterAll(async () => {
    await sshd.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the store, and returns the name of the error if it is refused. */
  async function login(
    credentials: Readonly<Record<string, string>>,
    config: SshInput = {},
    recorded: readonly unknown[] = [],
    user: Account = 'deploy',
  ): Promise<string> {
    const access = sshAccess(sshd, { user, config, credentials, recorded });
    try {
      const store = await ssh.open(access);
      await store.close();
      return 'open';
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  }

  test('A password, a key, a key with a passphrase and certificates of each type open the store.', async () => {
    const { password, key, encryptedKey, passphrase, certified } = sshd;
    const answers = [
      await login({ password }),
      await login({ privateKey: key }),
      await login({ privateKey: encryptedKey, passphrase }),
    ];
    for (const { key: privateKey, certificate: userCertificate } of Object.values(certified)) {
      answers.push(await login({ privateKey, userCertificate }));
      expect(await login({ privateKey })).toMatch(/^CredentialRefused/);
    }

    expect(answers).toEqual(Array.from({ length: 6 }, () => 'open'));
  });
  test('A wrong password, passphrase or certificate is refused, and no message contains it.', async () => {
    const { encryptedKey, certified } = sshd;
    const wrong = [
      await login({ password: 'wrong-password' }),
      await login({ privateKey: encryptedKey, passphrase: 'wrong-passphrase' }),
      await login({ privateKey: encryptedKey }),
      await login({ privateKey: 'nonsense' }),
      await login({ privateKey: sshd.key, userCertificate: 'nonsense' }),
      await login({ privateKey: sshd.key, userCertificate: String(certified.rsa?.certificate) }),
    ];

    for (const message of wrong) {
      expect(message).toMatch(/^CredentialRefused: /);
      expect(message).not.toMatch(/wrong-pass|nonsense|BEGIN/);
    }
  });
  test('A host key is accepted by its line, its fingerprint or one of several.', async () => {
    const { privateKey } = { privateKey: sshd.key };
    const [, base64 = ''] = sshd.hostKeys.ed25519.split(' ');
    const fingerprint = fingerprintOfHostKey(Buffer.from(base64, 'base64'));
    const pins = [
      sshd.hostKeys.rsa,
      `[127.0.0.1]:22 ${sshd.hostKeys.ecdsa} a comment`,
      fingerprint,
      [`SHA256:${'A'.repeat(43)}`, fingerprint],
    ];

    for (const hostKey of pins) expect(await login({ privateKey }, { hostKey })).toBe('open');
  });
  test('A wrong host key is refused with the seen fingerprint, before the server receives a login.', async () => {
    const before = sshd.log().length;
    const hostKey = `SHA256:${'A'.repeat(43)}`;

    const answer = await login({ privateKey: sshd.key, password: sshd.password }, { hostKey });

    const [, base64 = ''] = sshd.hostKeys.ed25519.split(' ');
    expect(answer).toMatch(/^ServerNotTrusted: /);
    expect(answer).toContain(fingerprintOfHostKey(Buffer.from(base64, 'base64')));
    expect(answer).toContain('ssh-keygen -lf');
    expect(sshd.log().slice(before)).not.toMatch(/Accepted|Failed|publickey|password/);
  });
  test('With trustOnFirstUse, the recorded key is required afterwards.', async () => {
    const config = { hostKey: 'trustOnFirstUse' };
    const [, base64 = ''] = sshd.hostKeys.ed25519.split(' ');
    const plan = (hostKey: string) => ({ hostKey, files: [] });
    const recorded = plan(fingerprintOfHostKey(Buffer.from(base64, 'base64')));

    expect(await login({ privateKey: sshd.key }, config)).toBe('open');
    expect(await login({ privateKey: sshd.key }, config, [recorded])).toBe('open');
    expect(await login({ privateKey: sshd.key }, config, [plan(`SHA256:${'B'.repeat(43)}`)])).toMatch(
      /^ServerNotTrusted: .*the recorded key is SHA256:BBB/,
    );
  });
  test('A server that cannot be reached is reported as unreachable.', async () => {
    expect(await login({ password: sshd.password }, { port: 9 })).toMatch(/^StoreUnreachable: deploy@127/);
  });
  test('An account that only transfers files works without commands, and is refused with one.', async () => {
    for (const account of ['sftponly', 'jailed'] as const) {
      const target = sshSite(sshd, `site-of-${account}`, account);
      const store = await target.open();
      const desired = await desiredOf();
      await deploy(store, desired);
      expect(target.key()).toBe(desired.bundle.key);

      const commanding = await target.open('deploy-2', { reloadCommand: 'systemctl reload nginx' });
      await expect(commanding.plan(desired)).rejects.toMatchObject({
        name: 'PlanInvalid',
        message: expect.stringMatching(/may allow only SFTP/),
      });
      for (const open of [store, commanding]) await open.close();
    }
  });
  test('A server without posix-rename is refused, and one without fsync and hard links works with a warning.', async () => {
    const desired = await desiredOf();
    const refusing = await sshSite(sshd, 'without-rename', 'norename').open();
    await expect(refusing.plan(desired)).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringMatching(/does not support posix-rename@openssh.com/),
    });
    const target = sshSite(sshd, 'without-flush', 'noflush');
    target.write('privkey.pem', 'old', 0o640);
    const store = await target.open();
    const { plan, warnings } = await store.plan(desired);
    expect(warnings.join()).toMatch(/fsync@openssh.com/);
    await store.apply(plan, desired);
    await store.restore(plan);
    expect(target.key()).toBe('old');
    expect(statSync(join(target.here, 'privkey.pem')).mode & 0o7777).toBe(0o640);
    for (const open of [refusing, store]) await open.close();
  });
});
