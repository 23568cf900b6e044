import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { type Nginx, nginxIn } from '../rigs/nginx.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { servedBy } from '../rigs/served.ts';
import { filesBelow, identityOf, scratchFolder } from './disk.ts';
import { aTarget, startAgent, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;
let running: Nginx | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function aRunningSite(verifyChanges: object = {}) {
  const folder = join(scratch, `site-${++count}`);
  mkdirSync(folder);
  const nginx = await nginxIn(folder);
  running = nginx;
  const first = await aVersion();
  writeFileSync(nginx.certPath, first.fullchainPem);
  writeFileSync(nginx.keyPath, first.keyPem, { mode: 0o600 });
  await nginx.start();
  // a worker answers only after it has changed its title, which begins with that of its master
  await servedBy(nginx.port);
  // the started process exits once the daemon is in the background
  await expect.poll(() => nginxProcesses(nginx.conf)).toBe(1);
  const host = testHost(join(folder, 'home'));
  const verify = { endpoint: `127.0.0.1:${nginx.port}`, serverName: 'www.example.test', ...verifyChanges };
  const targetWith = (changes: object = {}) =>
    aTarget(
      'nginx',
      {
        certPath: nginx.certPath,
        keyPath: nginx.keyPath,
        configPath: nginx.conf,
        rehearse: true,
        ...changes,
      },
      verify,
    );
  const live = () => [identityOf(nginx.certPath), identityOf(nginx.keyPath)];
  return { folder, nginx, host, first, targetWith, live };
}

function hexOfKey(keyPem: string): string {
  const { d = '' } = createPrivateKey(keyPem).export({ format: 'jwk' });
  return Buffer.from(d, 'base64url').toString('hex');
}

/** Without the mounts of other test files, which run at the same time. */
function mountsNow(): string {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter((line) => !line.includes('/cf-') || line.includes(scratch)).join('\n');
}

function nginxProcesses(conf: string): number {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => existsSync(`/proc/${pid}/cmdline`) && commandLine(pid).includes(conf)).length;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

const needs = [program('nginx'), program('unshare', 'util-linux'), program('ip', 'iproute2'), root];

describeWith(needs, 'a rehearsal', () => {
  test('A rehearsal lets a sound renewal pass, and leaves nothing behind', async () => {
    const { nginx, host, targetWith, folder } = await aRunningSite();
    const version = await aVersion();
    const before = { mounts: mountsNow(), processes: nginxProcesses(nginx.conf), logs: filesBelow(folder) };

    const line = await host.send('deploy', { target: targetWith(), version });

    expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
    expect(await servedBy(nginx.port)).toBe(version.fingerprint);
    expect(mountsNow()).toBe(before.mounts);
    expect(nginxProcesses(nginx.conf)).toBe(before.processes);
    expect(readdirSync(join(host.home, 'scratch'))).toEqual([]);
    expect(filesBelow(folder).filter((name) => !name.startsWith('home/'))).toEqual(before.logs);
  });

  test('A rehearsal starts the instance with the prefix of the commands, and reads the files below it', async () => {
    const { nginx, host, targetWith, folder, live } = await aRunningSite();
    const relative = readFileSync(nginx.conf, 'utf8').replaceAll(`${folder}/tls/`, '../tls/');
    mkdirSync(join(folder, 'conf'));
    writeFileSync(join(folder, 'conf/nginx.conf'), relative);
    const nginxWith = (...options: string[]) => ['nginx', '-p', folder, '-c', 'conf/nginx.conf', ...options];
    const target = targetWith({
      configPath: undefined,
      validateCommand: nginxWith('-t'),
      reloadCommand: nginxWith('-s', 'reload'),
    });
    const [version, before] = [await aVersion(), live()];

    const dryRun = await host.send('validate', { target, version });
    const untouched = live();
    const line = await host.send('deploy', { target, version });

    expect(dryRun).toMatchObject({ outcome: 'validated', warnings: [] });
    expect(untouched).toEqual(before);
    expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
  });

  test('A rehearsal finds a target whose config names another file than the daemon reads', async () => {
    const { host, targetWith, live, folder, first } = await aRunningSite();
    const before = live();
    const elsewhere = { certPath: join(folder, 'tls/other.pem'), keyPath: join(folder, 'tls/other-key.pem') };

    const line = await host.send('deploy', { target: targetWith(elsewhere), version: await aVersion() });

    expect(line).toMatchObject({ outcome: 'validate_failed', validatedIn: 'sandbox' });
    expect(line.summary).toContain(`serves ${first.fingerprint.slice(0, 19)}`);
    expect(live()).toEqual(before);
    expect(filesBelow(join(folder, 'tls'))).toEqual(['fullchain.pem', 'privkey.pem']);
  });

  test('A rehearsal finds a virtual host that hides the new certificate', async () => {
    const { nginx, host, targetWith, live, folder } = await aRunningSite();
    const hiding = await aVersion();
    writeFileSync(join(folder, 'hiding.pem'), hiding.fullchainPem + hiding.keyPem);
    const conf = readFileSync(nginx.conf, 'utf8');
    const first = `server { listen 127.0.0.1:${nginx.port} ssl; server_name www.example.test; ssl_certificate ${folder}/hiding.pem; ssl_certificate_key ${folder}/hiding.pem; }`;
    writeFileSync(nginx.conf, conf.replace('  server {', `  ${first}\n  server {`));
    const before = live();

    const line = await host.send('deploy', { target: targetWith(), version: await aVersion() });

    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toContain(`serves ${hiding.fingerprint.slice(0, 19)}`);
    expect(live()).toEqual(before);
  });

  test('A rehearsal fails when the sandboxed instance does not start, and reports its last output', async () => {
    const { host, targetWith, live } = await aRunningSite();
    const before = live();
    const target = targetWith({
      validateCommand: ['true'],
      configPath: '/no/such/nginx.conf',
      reloadCommand: ['true'],
    });

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toContain('the sandboxed instance exited with 1');
    expect(line.summary).toContain('/no/such/nginx.conf');
    expect(live()).toEqual(before);
  });

  test('The result of a failed rehearsal contains no part of the key that the sandboxed instance printed', async () => {
    const { host, targetWith, live, nginx, folder } = await aRunningSite();
    const before = live();
    const version = await aVersion();
    // a configuration whose syntax error quotes the key: nginx prints the unknown directive
    const conf = join(folder, 'quotes-the-key.conf');
    writeFileSync(conf, `${hexOfKey(version.keyPem)} on;\n`);
    const target = targetWith({ validateCommand: ['true'], configPath: conf, reloadCommand: ['true'] });

    const line = await host.send('deploy', { target, version });

    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toContain('exited with 1: output withheld: it contains part of a private key');
    expect(host.printed.join('')).not.toContain(hexOfKey(version.keyPem).slice(0, 16));
    expect(live()).toEqual(before);
    expect(nginxProcesses(nginx.conf)).toBe(1);
  });

  test('A rehearsal fails when the sandboxed instance does not listen where the target expects it', async () => {
    const { host, targetWith, live } = await aRunningSite({ endpoint: '127.0.0.1:1' });
    const before = live();

    const line = await host.send('deploy', { target: targetWith(), version: await aVersion() });

    expect(line.outcome).toBe('validate_failed');
    expect(line.summary).toContain('did not listen on 127.0.0.1:1');
    expect(live()).toEqual(before);
  });

  test('A rehearsal ends with the agent that holds it, however that ends', async () => {
    const { nginx, host, targetWith, live } = await aRunningSite({ endpoint: '127.0.0.1:1' });
    const before = { live: live(), mounts: mountsNow(), processes: nginxProcesses(nginx.conf) };
    const job = await host.jobText('deploy', { target: targetWith(), version: await aVersion() });
    const { child, ended } = startAgent(host.home, job);
    await expect.poll(() => nginxProcesses(nginx.conf)).toBeGreaterThan(before.processes);

    child.kill('SIGKILL');
    await ended;

    await expect.poll(() => nginxProcesses(nginx.conf)).toBe(before.processes);
    expect(mountsNow()).toBe(before.mounts);
    const next = await host.send('inspect', { target: targetWith() });
    expect(next.recovered?.outcome).toBe('cleaned');
    expect(live()).toEqual(before.live);
    expect(filesBelow(join(nginx.certPath, '..'))).toEqual(['fullchain.pem', 'privkey.pem']);
  });

  test('A target without an endpoint is deployed without a rehearsal, and the result reports it', async () => {
    const { nginx, host } = await aRunningSite();
    const config = {
      certPath: nginx.certPath,
      keyPath: nginx.keyPath,
      configPath: nginx.conf,
      rehearse: true,
    };

    const line = await host.send('deploy', { target: aTarget('nginx', config), version: await aVersion() });

    expect(line.outcome).toBe('applied');
    expect(line.warnings).toEqual(['not rehearsed: the target has no endpoint to probe (verify: none)']);
  });
});
