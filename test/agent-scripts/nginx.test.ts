import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { Target } from '../../core/targets/target.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { type Nginx, nginxIn } from '../rigs/nginx.ts';
import { openToOthers } from '../rigs/open-folder.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { servedBy } from '../rigs/served.ts';
import { filesBelow, fingerprintOfFile, identityOf, ownershipOf, scratchFolder } from './disk.ts';
import { aTarget, type TestHost, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;
let running: Nginx | null = null;

afterEach(async () => {
  await running?.stop();
  running = null;
});

interface Site {
  readonly nginx: Nginx;
  readonly host: TestHost;
  readonly target: Target;
  deploy(version: Awaited<ReturnType<typeof aVersion>>, changes?: object): Promise<AgentLine>;
}

async function aSite(): Promise<Site> {
  const folder = join(scratch, `site-${++count}`);
  mkdirSync(folder);
  const nginx = await nginxIn(folder);
  running = nginx;
  const host = testHost(join(folder, 'home'));
  const { certPath, keyPath, validateCommand, reloadCommand } = nginx;
  const config = { certPath, keyPath, validateCommand, reloadCommand };
  const verify = { endpoint: `127.0.0.1:${nginx.port}`, serverName: 'www.example.test' };
  const target = aTarget('nginx', config, verify);
  return {
    nginx,
    host,
    target,
    deploy: (version, changes = {}) =>
      host.send('deploy', { target: aTarget('nginx', { ...config, ...changes }, verify), version }),
  };
}

async function aRunningSite(): Promise<Site & { first: Awaited<ReturnType<typeof aVersion>> }> {
  const site = await aSite();
  const first = await aVersion();
  // nginx does not run yet, so there is nothing to reload or to probe
  const { nginx, host } = site;
  const config = { certPath: nginx.certPath, keyPath: nginx.keyPath, validateCommand: nginx.validateCommand };
  await host.send('deploy', {
    target: aTarget('nginx', { ...config, reloadCommand: ['true'] }),
    version: first,
  });
  await site.nginx.start();
  return { ...site, first };
}

describeWith([program('nginx'), program('unshare', 'util-linux'), root], 'agent on a real nginx', () => {
  test('The agent on a real nginx never touches the live files when nginx refuses the staged bytes', async () => {
    const { nginx, deploy, first } = await aRunningSite();
    const before = [identityOf(nginx.certPath), identityOf(nginx.keyPath)];
    const small = await aVersion({ keyType: 'rsa1024' });

    const line = await deploy(small);

    expect(line.outcome).toBe('validate_failed');
    expect(line.validatedIn).toBe('sandbox');
    expect(line.summary).toContain('too small');
    expect([identityOf(nginx.certPath), identityOf(nginx.keyPath)]).toEqual(before);
    expect(filesBelow(join(nginx.certPath, '..'))).toEqual(['fullchain.pem', 'privkey.pem']);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('The agent on a real nginx reports the last output of a failed reload', async () => {
    const { deploy } = await aRunningSite();
    const failsOnce = join(scratch, `once-${count}`);
    const reloadCommand = `test -e ${failsOnce} || { touch ${failsOnce}; echo worker is stuck >&2; exit 3; }`;

    const line = await deploy(await aVersion(), { shell: true, reloadCommand });

    expect(line.outcome).toBe('reload_failed');
    expect(line.summary).toContain('exited with 3: worker is stuck');
  });

  test('The agent on a real nginx reports the paths and commands that an operator needs when the previous files cannot be reloaded either', async () => {
    const { nginx, deploy } = await aRunningSite();

    const line = await deploy(await aVersion(), { reloadCommand: ['false'] });

    expect(line.outcome).toBe('rollback_failed');
    expect(line.repair?.commands).toEqual(['false']);
    expect(line.repair?.files.map((file) => file.path)).toEqual([nginx.keyPath, nginx.certPath]);
    for (const file of line.repair?.files ?? []) expect(existsSync(file.backup ?? '')).toBe(true);
  });

  test('The agent on a real nginx gives files the owner, group and mode that the config names, each on its own', async () => {
    const { nginx, deploy } = await aRunningSite();
    chownSync(nginx.keyPath, 33, 33);

    await deploy(await aVersion(), { group: 'root', keyMode: '0640' });

    expect(ownershipOf(nginx.keyPath)).toBe('0640 33:0');
    expect(ownershipOf(nginx.certPath)).toBe('0644 0:0');
  });

  test('The agent on a real nginx repairs a configured mode on an unchanged deployment, and reports it', async () => {
    const { nginx, deploy } = await aRunningSite();
    const second = await aVersion();
    await deploy(second, { keyMode: '0600' });
    chmodSync(nginx.keyPath, 0o644);

    const line = await deploy(second, { keyMode: '0600' });

    expect(line.outcome).toBe('unchanged');
    expect(line.warnings).toEqual([`${nginx.keyPath}: repaired 0644 0:0 to 0600 0:0`]);
    expect(ownershipOf(nginx.keyPath)).toBe('0600 0:0');
  });

  test('The agent on a real nginx leaves a key that an administrator has tightened as it is, and reports it', async () => {
    const { nginx, deploy } = await aRunningSite();
    const second = await aVersion();
    await deploy(second, { keyMode: '0640', group: 'www-data' });
    chmodSync(nginx.keyPath, 0o600);
    chownSync(nginx.keyPath, 0, 0);

    const unchanged = await deploy(second);
    const renewed = await deploy(await aVersion());

    expect(unchanged.warnings).toEqual([
      `${nginx.keyPath} has 0600 0:0, and the deployment installed it with 0640 0:33; it was not changed`,
    ]);
    expect(renewed.outcome).toBe('applied');
    expect(ownershipOf(nginx.keyPath)).toBe('0600 0:0');
  });

  test('The agent on a real nginx makes a new key readable for the workers if a variable names it, and names the cause if the target prevents that', async () => {
    const { nginx, deploy, host, target } = await aSite();
    openToOthers(join(nginx.certPath, '../..'));
    chmodSync(join(nginx.certPath, '..'), 0o755);
    const conf = readFileSync(nginx.conf, 'utf8')
      .replace('http {', `user www-data;\nhttp {\n  map '' $key { default ${nginx.keyPath}; }`)
      .replace(`ssl_certificate_key ${nginx.keyPath}`, 'ssl_certificate_key $key');
    writeFileSync(nginx.conf, conf);
    await nginx.start();
    const version = await aVersion();

    const line = await deploy(version);

    expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
    expect(ownershipOf(nginx.keyPath)).toBe('0640 0:33');
    expect(await servedBy(nginx.port)).toBe(version.fingerprint);
    await host.send('undo', { target, header: { deploymentId: line.deploymentId } });
    const closed = await deploy(version, { keyMode: '0600' });
    expect(closed).toMatchObject({ outcome: 'applied', served: null });
    expect(closed.warnings).toEqual([
      `nginx reads ${nginx.keyPath} at each handshake as user www-data, because a variable names the certificate; that user cannot read it with mode 0600 and owner 0:33: set group: www-data and keyMode: "0640" in the target`,
    ]);
  });

  test('The agent on a real nginx refuses an owner that the host does not know before anything is written', async () => {
    const { nginx, deploy } = await aRunningSite();
    const before = [identityOf(nginx.certPath), identityOf(nginx.keyPath)];

    const line = await deploy(await aVersion(), { owner: 'nobody-of-that-name' });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'UnknownOwner' });
    expect([identityOf(nginx.certPath), identityOf(nginx.keyPath)]).toEqual(before);
  });

  test('The agent on a real nginx follows a symbolic link: the link stays a link, what it points to is replaced', async () => {
    const { nginx, deploy } = await aRunningSite();
    const store = join(nginx.certPath, '../../store');
    mkdirSync(store);
    renameSync(nginx.certPath, join(store, 'live.pem'));
    symlinkSync('../store/live.pem', nginx.certPath);
    const version = await aVersion();

    const line = await deploy(version);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(lstatSync(nginx.certPath).isSymbolicLink()).toBe(true);
    expect(readlinkSync(nginx.certPath)).toBe('../store/live.pem');
    expect(fingerprintOfFile(join(store, 'live.pem'))).toBe(version.fingerprint);
    expect(filesBelow(store)).toEqual(['live.pem']);
  });

  test('The agent on a real nginx activates again when the bytes are there but no run of ours put them there', async () => {
    const { nginx, host, target } = await aRunningSite();
    const other = await aVersion();
    writeFileSync(nginx.keyPath, other.keyPem);
    writeFileSync(nginx.certPath, other.fullchainPem);

    const line = await host.send('deploy', { target, version: other });

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(await servedBy(nginx.port)).toBe(other.fingerprint);
  });

  test('The agent on a real nginx installs the previous version as a deployment of its own, and then the version before it', async () => {
    const { nginx, host, target, deploy, first } = await aRunningSite();
    const second = await aVersion();
    const third = await aVersion();
    await deploy(second);
    await deploy(third);

    const toSecond = await host.send('rollback', { target });
    expect(toSecond).toMatchObject({ outcome: 'applied', served: true });
    expect(await servedBy(nginx.port)).toBe(second.fingerprint);

    const toFirst = await host.send('rollback', { target });
    expect(toFirst.version?.fingerprint).toBe(first.fingerprint);

    const noFurther = await host.send('rollback', { target });
    expect(noFurther).toMatchObject({ outcome: 'rejected', reason: 'NoReceipt' });
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('The agent on a real nginx rolls back once from the version that the job names, however often the job is repeated', async () => {
    const { nginx, host, target, deploy } = await aRunningSite();
    const [second, third] = [await aVersion(), await aVersion()];
    await deploy(second);
    await deploy(third);
    const replaces = third.fingerprint;

    const toSecond = await host.send('rollback', { target, replaces });
    expect(toSecond).toMatchObject({ outcome: 'applied', version: { fingerprint: second.fingerprint } });

    const again = await host.send('rollback', { target, replaces });
    expect(again).toMatchObject({ outcome: 'unchanged', version: { fingerprint: second.fingerprint } });
    expect(await servedBy(nginx.port)).toBe(second.fingerprint);
  });

  test('The agent on a real nginx rolls a version back only for the rollout that has deployed it, not for one that found it there', async () => {
    const { nginx, host, target, first } = await aRunningSite();
    const second = await aVersion();
    const by = (rollout: string) => ({ target, header: { rollout }, replaces: second.fingerprint });
    await host.send('deploy', { ...by('r-1'), version: second });
    const found = await host.send('deploy', { ...by('r-2'), version: second });
    expect(found.outcome).toBe('unchanged');

    const left = await host.send('rollback', by('r-2'));
    expect(left).toMatchObject({ outcome: 'unchanged', version: { fingerprint: second.fingerprint } });
    expect(await servedBy(nginx.port)).toBe(second.fingerprint);

    const taken = await host.send('rollback', by('r-1'));
    expect(taken).toMatchObject({ outcome: 'applied', version: { fingerprint: first.fingerprint } });
  });
});
