import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { openLocalBackend } from '../../local/backend/local-backend.ts';
import type { Machine } from '../../local/doctor/machine-checks.ts';
import { renewalChecks } from '../../local/doctor/renewal-checks.ts';
import { checkThisMachine } from '../../local/doctor/run-checks.ts';
import { checkMount } from '../../local/doctor/state-checks.ts';
import { captured } from '../cli/capture.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { scratch } from './scratch.ts';

const now = new Date();
const days = (count: number) => new Date(now.getTime() + count * 86_400_000);

/** A machine without container, with a synchronised clock. `files`: its files below `/`. */
function aMachine(files: Readonly<Record<string, string>> = {}, clock: string | null = 'yes'): Machine {
  const root = scratch();
  for (const [path, content] of Object.entries({ 'proc/2/comm': 'kthreadd\n', ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode: 0o755 });
  }
  return { root, run: (name) => (name === 'timedatectl' ? clock : null), isRoot: false };
}

/** A target with an installed version below a folder of its own. */
async function anInstalled(config: object = {}) {
  const [folder, version] = [scratch(), await aVersion()];
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certPath, version.fullchainPem);
  writeFileSync(keyPath, version.keyPem, { mode: 0o600 });
  const target = RegisteredTarget.parse({
    ...{ id: 'web-1', certificate: 'www.example.test', host: 'local', kind: 'files', verify: 'none' },
    config: { certPath, keyPath, validateCommand: 'true', reloadCommand: 'true', ...config },
  });
  return { folder, target, certPath, keyPath };
}

interface Options {
  readonly stateDir?: string;
  readonly targets?: readonly RegisteredTarget[];
  readonly now?: Date;
  readonly machine?: Machine;
}

/** The checks by name. */
async function checked(options: Options) {
  const stateDir = join(scratch(), 'state');
  const checks = await checkThisMachine({ stateDir, targets: [], now, machine: aMachine(), ...options });
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

const failure = (found: string, next: string) => ({
  status: 'failed',
  found: expect.stringContaining(found),
  next: expect.stringContaining(next),
});

describe('the doctor for this machine', () => {
  test('The doctor passes every check of a target that can be deployed to, and changes none of its files', async () => {
    const { target } = await anInstalled();
    const checks = await checked({ targets: [target] });

    expect(Object.values(checks).filter(({ ok }) => !ok)).toEqual([]);
    const names = [
      'daemons',
      'configuration of daemons',
      'paths of targets',
      'private keys of targets',
      'certificates',
    ];
    expect(names.map((name) => checks[name]?.status)).toEqual(names.map(() => 'passed'));
  });

  test('The doctor creates no state folder', async () => {
    const stateDir = join(scratch(), 'state');

    expect((await checked({ stateDir }))['state folder']).toMatchObject({ status: 'nothing' });
    expect(existsSync(stateDir)).toBe(false);
  });

  test('The doctor runs no command of a state folder that another user can change', async () => {
    const stateDir = join(scratch(), 'state');
    const mark = join(scratch(), 'ran');
    const { target } = await anInstalled({ validateCommand: `touch ${mark}` });
    const backend = await openLocalBackend({ stateDir });
    await backend.register([target]);
    await backend.close();
    chmodSync(stateDir, 0o777);
    const checks = await checkThisMachine({ stateDir, now, machine: aMachine() });
    const byName = Object.fromEntries(checks.map((check) => [check.name, check]));

    expect(byName['state folder']).toMatchObject(
      failure('mode 0777, so another user can change it', 'chmod go-w'),
    );
    expect(byName.targets).toMatchObject({ status: 'nothing' });
    expect(existsSync(mark)).toBe(false);

    chmodSync(stateDir, 0o700);
    await checkThisMachine({ stateDir, now, machine: aMachine() });
    expect(existsSync(mark)).toBe(true);
  });

  test('The doctor reports a key of certferry that other users can read', async () => {
    const stateDir = join(scratch(), 'state');
    mkdirSync(join(stateDir, 'hosts/local'), { recursive: true, mode: 0o700 });
    writeFileSync(join(stateDir, 'hosts/local/keys.json'), '{}', { mode: 0o644 });

    expect((await checked({ stateDir }))['private keys of certferry']).toMatchObject(
      failure('other users can read hosts/local/keys.json', "chmod 600 '"),
    );
  });

  test.each([
    ['noexec', '/var has the option noexec'],
    ['ro', '/var has the option ro'],
  ])('The doctor reports a state folder on a file system with the option %s', (option, found) => {
    const mounts = `/dev/vda1 / ext4 rw 0 0\n/dev/vdb1 /var ext4 rw,${option} 0 0\n`;

    expect(checkMount('/var/lib/certferry', mounts)).toMatchObject(failure(found, 'Remount it without'));
    expect(checkMount('/home/ada', mounts)).toMatchObject({ status: 'passed' });
  });
});

describe('the doctor for the clock and the container', () => {
  test.each([
    ['yes', 'passed'],
    ['no', 'failed'],
    [null, 'nothing'],
  ])('The doctor judges the clock from timedatectl, which answers %s', async (answer, status) => {
    expect((await checked({ machine: aMachine({}, answer) })).clock).toMatchObject({ status });
  });

  test('The doctor reads the clock from chronyc where timedatectl does not answer', async () => {
    const tracking = (leap: string) => `Reference ID : 7F7F0101\nLeap status     : ${leap}`;
    const withChrony = (leap: string): Machine => ({
      ...aMachine(),
      run: (name) => (name === 'chronyc' ? tracking(leap) : null),
    });

    expect((await checked({ machine: withChrony('Normal') })).clock).toMatchObject({ status: 'passed' });
    expect((await checked({ machine: withChrony('Not synchronised') })).clock).toMatchObject(
      failure('not synchronised', 'Start chronyd'),
    );
  });

  test.each([
    [{ '.dockerenv': '' }, 'docker'],
    [{ 'run/.containerenv': '' }, 'podman'],
    [{ 'proc/2/comm': 'nginx\n' }, 'of an unknown engine'],
  ])('The doctor names a container by its traces: %j', async (files, engine) => {
    expect((await checked({ machine: aMachine(files) })).container).toMatchObject({
      status: 'nothing',
      found: expect.stringContaining(`in a container (${engine})`),
    });
  });

  test('The doctor reports a mount namespace that is not the one of process 1', async () => {
    const machine = aMachine({ 'proc/1/ns/pid': '', 'proc/self/ns/pid': '' });
    symlinkSync('mnt:[1]', join(machine.root, 'proc/1/ns/mnt'));
    symlinkSync('mnt:[2]', join(machine.root, 'proc/self/ns/mnt'));

    expect((await checked({ machine })).container).toMatchObject(
      failure('another mount namespace than process 1', 'outside this namespace'),
    );
  });
});

describe('the doctor for targets', () => {
  test.each([
    ['has expired', days(4000), 'web-1: expired on'],
    ['is not valid yet', days(-4000), 'web-1: not valid before'],
  ])('The doctor reports an installed certificate that %s', async (_, at, found) => {
    const { target } = await anInstalled();

    expect((await checked({ targets: [target], now: at })).certificates).toMatchObject(failure(found, ''));
  });

  test('The doctor reports a program of a target that is not on this machine', async () => {
    const { target } = await anInstalled({ reloadCommand: 'no-such-daemon -s reload' });

    expect((await checked({ targets: [target] })).daemons).toMatchObject(
      failure('web-1: there is no program no-such-daemon', 'Install the daemon'),
    );
  });

  test('The doctor reports a daemon that refuses its configuration, with its output', async () => {
    const { target } = await anInstalled({ validateCommand: "sh -c 'echo unknown directive >&2; exit 3'" });

    expect((await checked({ targets: [target] }))['configuration of daemons']).toMatchObject(
      failure('exit code 3: unknown directive', 'Correct the configuration'),
    );
  });

  test('The doctor reports a folder of a target that another user can change, as the agent would refuse it', async () => {
    const { target, folder } = await anInstalled();
    chmodSync(folder, 0o777);

    expect((await checked({ targets: [target] }))['paths of targets']).toMatchObject(
      failure('with mode 0777, so another user can change it', 'Or set fileUser'),
    );
  });

  test('The doctor reports a private key that all users can read', async () => {
    const { target, keyPath } = await anInstalled();
    chmodSync(keyPath, 0o644);

    expect((await checked({ targets: [target] }))['private keys of targets']).toMatchObject(
      failure(`all users can read ${keyPath}`, 'chmod o='),
    );
  });

  test('The doctor lists a target without files on this machine, and reports the problems of the others', async () => {
    const { target } = await anInstalled({ validateCommand: 'false' });
    const far = RegisteredTarget.parse({ ...target, id: 'far-1', host: 'i-0123456789abcdef0' });
    const checks = await checked({ targets: [far, target] });

    expect(checks.targets?.found).toBe('1 target with files on this machine; without files here: far-1');
    expect(checks['configuration of daemons']).toMatchObject(failure('web-1: false: exit code 1', ''));
  });
});

describeWith([program('nginx')], 'the doctor for nginx', () => {
  test('The doctor runs the check of nginx that a deployment runs, and reports the line that nginx refuses', async () => {
    const { target, folder } = await anInstalled();
    const configPath = join(folder, 'nginx.conf');
    writeFileSync(configPath, 'sever {}\n');
    const { certPath, keyPath } = target.config as { certPath: string; keyPath: string };
    const nginx = RegisteredTarget.parse({
      ...target,
      kind: 'nginx',
      config: { certPath, keyPath, configPath },
    });

    expect((await checked({ targets: [nginx] }))['configuration of daemons']).toMatchObject(
      failure('unknown directive "sever"', 'Correct the configuration'),
    );
  });
});

describe('the doctor for renewal hooks', () => {
  const hook = 'etc/letsencrypt/renewal-hooks/deploy/certferry';
  const certbot = { 'etc/letsencrypt/renewal/www.conf': '[renewalparams]\n' };

  test.each([
    ['no program that renews certificates', {}, 'nothing'],
    ['certbot without a hook', certbot, 'failed'],
    ['certbot with a hook', { ...certbot, [hook]: '#!/bin/sh\ncertferry deploy --local\n' }, 'passed'],
    ['certbot with another hook', { ...certbot, [hook]: '#!/bin/sh\nnginx -s reload\n' }, 'failed'],
    [
      'certbot with a setting',
      { 'etc/letsencrypt/renewal/a.conf': 'renew_hook = certferry deploy' },
      'passed',
    ],
    ['dehydrated without a hook', { 'etc/dehydrated/config': 'HOOK=\n' }, 'failed'],
  ])('The doctor finds %s', async (_, files, status) => {
    expect((await checked({ machine: aMachine(files) }))['renewal hooks']).toMatchObject({ status });
  });

  test.each([
    ['certferry deploy --local', 'passed'],
    ['systemctl reload nginx', 'failed'],
  ])('The doctor reads the command of acme.sh, which is in base64: %s', async (command, status) => {
    const base64 = Buffer.from(command).toString('base64');
    const conf = `Le_ReloadCmd='__ACME_BASE64__START_${base64}__ACME_BASE64__END_'\n`;
    const { root } = aMachine({
      'home/ada/.acme.sh/account.conf': '',
      'home/ada/.acme.sh/www.example.test_ecc/www.example.test.conf': conf,
    });

    expect(await renewalChecks(root, '/home/ada')).toMatchObject([{ status }]);
  });

  test('The doctor reports a hook of certbot that cannot be executed', async () => {
    const machine = aMachine({ ...certbot, [hook]: 'certferry deploy' });
    chmodSync(join(machine.root, hook), 0o644);

    expect((await checked({ machine }))['renewal hooks']).toMatchObject(
      failure('certbot renews certificates and does not start certferry', 'must be executable'),
    );
  });
});

test('The command reports a failed check of this machine with its next step and exit code 1', async () => {
  const { target, folder } = await anInstalled({ validateCommand: 'false' });
  const file = join(folder, 'targets.json');
  writeFileSync(file, JSON.stringify({ targets: [{ ...target, verify: 'none' }] }));
  const args = ['doctor', '--local', '--state', join(folder, 'state'), '--targets', file];
  const [plain, json] = [await captured(...args), await captured(...args, '--json')];

  expect(plain).toMatchObject({ code: 1, err: '' });
  expect(plain.out).toMatch(/✖ configuration of daemons +web-1: false: exit code 1/);
  expect(plain.out).toMatch(/→ Correct the configuration of the daemon/);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false, checks: expect.any(Array) });
});
