import { chownSync, existsSync, lstatSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SshPlan } from '../../../agent-scripts/stores/ssh/plan.ts';
import { describeWith } from '../../rigs/require-daemon.ts';
import { type Account, accounts, type Sshd, sshdNeeds, startSshd } from '../../rigs/sshd.ts';
import { desiredOf, type SshInput } from './ssh-access.ts';
import { deploy, fullchain, sshSite } from './ssh-site.ts';

describeWith(sshdNeeds, 'ssh: files on a server', () => {
  let scratch: string;
  let sshd: Sshd;
  let names = 0;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'certferry-sshd-'));
    sshd = await startSshd(scratch);
  });
  afterAll(async () => {
    await sshd.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  const aTarget = (account?: Account, config?: SshInput) => {
    names += 1;
    return sshSite(sshd, `site-${names}`, account, config);
  };

  test('The first deployment creates both files, and a restore removes them.', async () => {
    const target = aTarget();
    const store = await target.open();
    const desired = await desiredOf();

    expect((await store.observe()).version).toBeNull();
    const plan = await deploy(store, desired);

    expect(target.cert()).toBe(fullchain(desired.bundle));
    expect(target.key()).toBe(desired.bundle.key);
    expect(statSync(join(target.here, 'privkey.pem')).mode & 0o7777).toBe(0o600);
    expect(statSync(join(target.here, 'fullchain.pem')).mode & 0o7777).toBe(0o644);
    const state = await store.observe();
    expect(state.version?.fingerprint).toBe(desired.version.fingerprint);
    expect(state.matches(desired.bundle)).toBe(true);

    await store.restore(plan);
    expect(target.names()).toEqual([]);
    await store.close();
  });
  test('Owner and mode of an existing file remain, a link stays a link, and the chain has its own file.', async () => {
    const target = aTarget('deploy', { certContents: 'leaf' });
    target.write('real.pem', 'old', 0o640);
    symlinkSync('real.pem', join(target.here, 'privkey.pem'));
    const store = await target.open('deploy-1', { chainPath: `${target.there}/chain.pem` });
    const desired = await desiredOf();

    await deploy(store, desired);

    expect(lstatSync(join(target.here, 'privkey.pem')).isSymbolicLink()).toBe(true);
    expect(target.read('real.pem')).toBe(desired.bundle.key);
    const { mode, uid } = statSync(join(target.here, 'real.pem'));
    expect([mode & 0o7777, uid]).toEqual([0o640, accounts.deploy]);
    expect(target.read('chain.pem')).toBe(desired.bundle.chain.join(''));
    expect(target.cert()).toBe(desired.bundle.leaf);
    const state = await store.observe();
    expect(state.version).toEqual(desired.version);
    await store.close();
  });
  test('A rollback installs the backups of an earlier deployment, and its restore the version before it.', async () => {
    const target = aTarget();
    const [first, second] = [await desiredOf(), await desiredOf()];
    const store = await target.open('deploy-1');
    await deploy(store, first);
    const later = await target.open('deploy-2');
    const plan = await deploy(later, second);
    const rollback = await target.open('deploy-3');
    const previous = { kind: 'previous', of: plan } as const;

    const planned = await deploy(rollback, previous);
    expect([target.cert(), target.key()]).toEqual([fullchain(first.bundle), first.bundle.key]);

    await rollback.restore(planned);
    expect([target.cert(), target.key()]).toEqual([fullchain(second.bundle), second.bundle.key]);
    for (const open of [store, later, rollback]) await open.close();
  });
  test('The plan has paths, modes and digests, but no content of a file, and changes nothing.', async () => {
    const target = aTarget();
    const old = (await desiredOf()).bundle;
    target.write('fullchain.pem', fullchain(old), 0o644);
    target.write('privkey.pem', old.key, 0o600);
    const store = await target.open();
    const desired = await desiredOf();

    const { plan, previousVersion } = await store.plan(desired);

    expect(target.names()).toEqual(['fullchain.pem', 'privkey.pem']);
    expect(previousVersion).not.toBeNull();
    const text = JSON.stringify(plan);
    expect(text).toContain(`${target.there}/.certferry+web-1+deploy-1+privateKey+previous`);
    for (const key of [old.key, desired.bundle.key]) expect(text).not.toContain(key.split('\n')[1]);
    await store.close();
  });
  test('A dry run reports the answer of validateCommand for the staged files, and leaves nothing.', async () => {
    const target = aTarget();
    const check = (command: string) =>
      target.open('deploy-1', { validateCommand: ['sh', '-c', command, '{cert}', '{key}'] });
    const desired = await desiredOf();
    const [accepting, refusing] = [await check('grep -q BEGIN "$0"'), await check('cat "$0" >&2; exit 3')];

    const { plan } = await accepting.plan(desired);
    expect(await accepting.validate(plan, desired)).toEqual({ kind: 'accepted' });
    expect(await refusing.validate(plan, desired)).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(/exited with 3/),
    });
    const plain = await target.open();
    expect(await plain.validate(plan, desired)).toMatchObject({ kind: 'unsupported' });

    expect(target.names()).toEqual([]);
    for (const store of [accepting, refusing, plain]) await store.close();
  });
  test('A check without a staged path runs after the files are installed and before the reload.', async () => {
    const target = aTarget();
    const log = `${target.there}/log`;
    const store = await target.open('deploy-1', {
      validateCommand: ['sh', '-c', `test -s ${target.there}/privkey.pem && echo check >> ${log}`],
      reloadCommand: ['sh', '-c', `echo reload >> ${log}`],
      restoreCommand: ['sh', '-c', `echo restore >> ${log}`],
    });
    const plan = await deploy(store, await desiredOf());
    await store.restore(plan);

    expect(target.read('log')).toBe('check\nreload\nrestore\n');
    await store.close();
  });
  test('A failed reload is reported with its output, and a command that hangs ends at its deadline.', async () => {
    const target = aTarget();
    const desired = await desiredOf();
    const failing = await target.open('deploy-1', {
      reloadCommand: ['sh', '-c', 'echo no such unit >&2; exit 5'],
    });
    await expect(deploy(failing, desired)).rejects.toMatchObject({
      name: 'ReloadFailed',
      message: expect.stringMatching(/exited with 5: no such unit/),
    });
    const hanging = await target.open('deploy-2', {
      reloadCommand: ['sleep', '600'],
      commandTimeoutSeconds: 1,
    });
    await expect(deploy(hanging, desired)).rejects.toMatchObject({
      name: 'ReloadFailed',
      message: expect.stringMatching(/did not end before its deadline/),
    });
    for (const store of [failing, hanging]) await store.close();
  });
  test('A missing permission is reported with the path, and a missing folder before any change.', async () => {
    const target = aTarget();
    chownSync(target.here, 0, 0);
    const store = await target.open();
    const desired = await desiredOf();
    const { plan } = await store.plan(desired);
    await expect(store.apply(plan, desired)).rejects.toMatchObject({
      name: 'StoreRefused',
      message: expect.stringMatching(/refused to create .*\+privateKey\+new: permission denied/),
    });
    target.write('privkey.pem', 'of root', 0o600);
    chownSync(join(target.here, 'privkey.pem'), 0, 0);
    await expect(store.plan(desired)).rejects.toMatchObject({
      name: 'StoreRefused',
      message: expect.stringContaining(`${target.there}/privkey.pem: permission denied`),
    });
    const missing = await aTarget().open('deploy-1', { certPath: '/does/not/exist/cert.pem' });
    await expect(missing.plan(desired)).rejects.toMatchObject({ name: 'PlanInvalid' });
    for (const open of [store, missing]) await open.close();
  });
  test('An owner that the user cannot set is refused before any file changes.', async () => {
    const target = aTarget();
    const store = await target.open('deploy-1', { owner: 'root' });
    const desired = await desiredOf();
    const { plan } = await store.plan(desired);

    await expect(store.validate(plan, desired)).rejects.toMatchObject({
      name: 'StoreRefused',
      message: expect.stringMatching(/Only root can change the owner/),
    });
    expect(target.names()).toEqual([]);
    await store.close();
  });
  test('A file that another program has changed since the plan is never overwritten.', async () => {
    const target = aTarget();
    target.write('privkey.pem', 'old', 0o600);
    const store = await target.open();
    const desired = await desiredOf();
    const { plan } = await store.plan(desired);
    target.write('privkey.pem', 'of certbot', 0o600);

    await expect(store.apply(plan, desired)).rejects.toMatchObject({ name: 'StoreConflict' });
    await expect(store.restore(plan)).rejects.toMatchObject({ name: 'StoreConflict' });

    expect(target.key()).toBe('of certbot');
    expect(existsSync(join(target.here, 'fullchain.pem'))).toBe(false);
    await store.close();
  });
  test('A collection removes backups that no receipt needs and temporary files, of its own target only.', async () => {
    const target = aTarget();
    const plans: SshPlan[] = [];
    for (const id of ['deploy-1', 'deploy-2', 'deploy-3']) {
      const store = await target.open(id);
      plans.push(await deploy(store, await desiredOf()));
      await store.close();
    }
    target.write('.certferry+web-1+dead+privateKey+new', 'stale', 0o600);
    target.write('.certferry+web-10+dead+privateKey+new', 'of another target', 0o600);
    const store = await target.open('deploy-4');

    await store.collect(plans.slice(2));

    expect(target.names()).toEqual([
      '.certferry+web-1+deploy-3+certificate+previous',
      '.certferry+web-1+deploy-3+privateKey+previous',
      '.certferry+web-10+dead+privateKey+new',
      'fullchain.pem',
      'privkey.pem',
    ]);
    await store.close();
  });
  test('Each word of a command reaches the program unchanged, also a hostile one.', async () => {
    const target = aTarget();
    const hostile = [
      'a b',
      "it's",
      '"',
      '$HOME',
      '`id`',
      '$(id)',
      '*',
      '~',
      '\\',
      '!',
      'A=b',
      '',
      ';',
      '\n',
      '-n',
      'é',
    ];
    const out = `${target.there}/words`;
    const store = await target.open('deploy-1', {
      reloadCommand: [
        'sh',
        '-c',
        `printf '<%s>' "$@" > ${out}`,
        'sh',
        ...hostile.filter((word) => word !== ''),
      ],
    });

    await deploy(store, await desiredOf());

    expect(target.read('words')).toBe(
      hostile
        .filter((word) => word !== '')
        .map((word) => `<${word}>`)
        .join(''),
    );
    await store.close();
  });
});
