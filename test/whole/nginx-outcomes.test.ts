import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import {
  filesBelow,
  fingerprintOfFile,
  identityOf,
  ownershipOf,
  scratchFolder,
} from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { type Nginx, nginxIn } from '../rigs/nginx.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { servedBy } from '../rigs/served.ts';
import { certferry, type Run, versionFiles } from './certferry.ts';

const scratch = scratchFolder();
let count = 0;
let running: Nginx[] = [];
afterEach(async () => {
  for (const nginx of running) await nginx.stop();
  running = [];
});

type Version = Awaited<ReturnType<typeof aVersion>>;

async function aSite(extra = '') {
  const folder = join(scratch, `site-${++count}`);
  mkdirSync(folder);
  const nginx = await nginxIn(folder, extra);
  running.push(nginx);
  const { certPath, keyPath, validateCommand, reloadCommand, port } = nginx;
  const targets = join(folder, 'targets.json');
  const state = join(folder, 'state');
  const describeTarget = (config: object = {}, verify: object = {}): void =>
    writeFileSync(
      targets,
      JSON.stringify({
        targets: [
          {
            id: 'web-1',
            certificate: 'www.example.test',
            host: 'local',
            kind: 'nginx',
            config: { certPath, keyPath, validateCommand, reloadCommand, ...config },
            verify: { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test', attempts: 2, ...verify },
          },
        ],
      }),
    );
  describeTarget();
  const common = ['--local', '--state', state, '--targets', targets];
  const deploy = (version: Version, ...more: string[]): Promise<Run> => {
    const { cert, key } = versionFiles(join(folder, 'incoming'), version);
    return certferry(
      'deploy',
      ...common,
      '--certificate',
      'www.example.test',
      '--cert',
      cert,
      '--key',
      key,
      '--json',
      ...more,
    );
  };
  const rollback = (): Promise<Run> => certferry('rollback', ...common, '--target', 'web-1', '--json');
  return { folder, nginx, deploy, rollback, describeTarget, state };
}

async function aRunningSite(extra = '') {
  const site = await aSite(extra);
  const first = await aVersion();
  site.describeTarget({ reloadCommand: ['nginx', '-c', site.nginx.conf] });
  const run = await site.deploy(first);
  expect(run.json.outcome).toBe('deployed');
  site.describeTarget();
  return { ...site, first };
}

const live = ({ certPath, keyPath }: Nginx): object[] => [identityOf(certPath), identityOf(keyPath)];

const sevenStates = [
  'AcquireLock',
  'PushBundle',
  'PushOutcome?',
  'ProbeEndpoint',
  'ProbeOutcome?',
  'CommitDeployment',
  'Deployed',
];

describeWith([program('nginx'), program('unshare', 'util-linux'), root], 'certferry on a real nginx', () => {
  test('certferry on a real nginx makes a first deployment, renews in seven transitions, and finds a second run unchanged', async () => {
    const { nginx, deploy, first } = await aRunningSite();
    const second = await aVersion();

    const renewal = await deploy(second);
    const before = live(nginx);
    const repeated = await deploy(second);

    expect(renewal.code).toBe(0);
    expect(renewal.json.targets[0]).toMatchObject({
      outcome: 'deployed',
      fingerprint: second.fingerprint,
      previousFingerprint: first.fingerprint,
      states: sevenStates,
    });
    expect(await servedBy(nginx.port)).toBe(second.fingerprint);
    expect(repeated).toMatchObject({
      code: 0,
      json: { outcome: 'unchanged', targets: [{ states: sevenStates }] },
    });
    expect(live(nginx)).toEqual(before);
  });

  test('certferry on a real nginx ends validate_failed with the live files never touched where nginx refuses the staged bytes', async () => {
    const { nginx, deploy, first } = await aRunningSite();
    // another virtual host pairs the same certificate file with a key file of its own, which stays the old one
    const otherKey = join(nginx.keyPath, '../other.pem');
    writeFileSync(otherKey, readFileSync(nginx.keyPath));
    const conf = readFileSync(nginx.conf, 'utf8');
    const second = `server { listen 127.0.0.1:${nginx.port} ssl; server_name other.test; ssl_certificate ${nginx.certPath}; ssl_certificate_key ${otherKey}; }`;
    writeFileSync(nginx.conf, conf.replace(/}\n$/, `${second}\n}\n`));
    const before = live(nginx);

    const run = await deploy(await aVersion());

    expect(run).toMatchObject({ code: 11, json: { outcome: 'validate_failed' } });
    expect(run.json.summary).toContain('key values mismatch');
    expect(live(nginx)).toEqual(before);
    expect(filesBelow(join(nginx.certPath, '..'))).toEqual(['fullchain.pem', 'other.pem', 'privkey.pem']);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('certferry on a real nginx ends reload_failed with the previous inodes back where the reload fails', async () => {
    const { nginx, deploy, describeTarget, first } = await aRunningSite();
    const before = live(nginx);
    const marker = join(scratch, `reloaded-${count}`);
    describeTarget({ shell: true, reloadCommand: `test -e ${marker} || { touch ${marker}; exit 4; }` });

    const run = await deploy(await aVersion());

    expect(run).toMatchObject({ code: 12, json: { outcome: 'reload_failed' } });
    expect(live(nginx)).toEqual(before);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('A deployment on a real nginx ends rolled_back where the endpoint keeps serving another certificate', async () => {
    const { nginx, deploy, describeTarget, first } = await aRunningSite();
    describeTarget({ reloadCommand: ['true'] });

    const run = await deploy(await aVersion());

    expect(run).toMatchObject({ code: 13, json: { outcome: 'rolled_back' } });
    expect(run.json.targets[0]?.states).toEqual([
      ...[
        'AcquireLock',
        'PushBundle',
        'PushOutcome?',
        'ProbeEndpoint',
        'ProbeOutcome?',
        'BackOff',
        'ProbeFrom?',
      ],
      ...['ProbeEndpoint', 'ProbeOutcome?', 'RollBack', 'RollBackOutcome?', 'ProbeRestored'],
      ...['ProbeRestoredOutcome?', 'RecordRolledBack', 'RolledBack'],
    ]);
    expect(fingerprintOfFile(nginx.certPath)).toBe(first.fingerprint);
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('certferry on a real nginx ends rolled_back where the endpoint belongs to another server altogether', async () => {
    const { nginx, deploy, describeTarget, first } = await aRunningSite();
    const stranger = await aRunningSite();
    describeTarget({}, { endpoint: `127.0.0.1:${stranger.nginx.port}` });

    const run = await deploy(await aVersion());

    expect(run).toMatchObject({ code: 13, json: { outcome: 'rolled_back' } });
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
    expect(await servedBy(stranger.nginx.port)).toBe(stranger.first.fingerprint);
  });

  test('A deployment on a real nginx ends rollback_failed with the paths and commands that an operator needs', async () => {
    const { nginx, deploy, describeTarget, state, first } = await aRunningSite();
    describeTarget({ reloadCommand: ['false'] });

    const run = await deploy(await aVersion());

    expect(run).toMatchObject({ code: 14, json: { outcome: 'rollback_failed' } });
    expect(run.json.summary).toContain('on the host, run: false');
    for (const path of [nginx.keyPath, nginx.certPath])
      expect(run.json.summary).toContain(`${path} is kept as `);
    expect(fingerprintOfFile(nginx.certPath)).toBe(first.fingerprint);
    const history = await certferry('history', '--local', '--state', state, '--target', 'web-1');
    expect(history.stdout).toContain('rollback_failed');
    const inspected = await certferry('inspect', '--local', '--state', state, 'last');
    expect(inspected.stdout).toContain('RecordRollbackFailed');
    expect(inspected.stdout.replaceAll(/\s+/g, ' ')).toContain('on the host, run: false');
  });

  test('certferry on a real nginx keeps owner and mode through a renewal and a rollback', async () => {
    const { nginx, deploy, rollback, first } = await aRunningSite();
    chownSync(nginx.keyPath, 0, 33);
    chmodSync(nginx.keyPath, 0o640);
    const second = await aVersion();

    await deploy(second);
    expect(ownershipOf(nginx.keyPath)).toBe('0640 0:33');

    const run = await rollback();
    expect(run).toMatchObject({ code: 0, json: { outcome: 'deployed' } });
    expect(run.json.targets[0]).toMatchObject({
      fingerprint: first.fingerprint,
      previousFingerprint: second.fingerprint,
    });
    expect(ownershipOf(nginx.keyPath)).toBe('0640 0:33');
    expect(await servedBy(nginx.port)).toBe(first.fingerprint);
  });

  test('certferry on a real nginx judges a dry run by the real daemon and touches nothing', async () => {
    const { nginx, deploy } = await aRunningSite();
    const before = live(nginx);

    const run = await deploy(await aVersion(), '--dry-run');

    expect(run).toMatchObject({ code: 0, json: { outcome: 'validated' } });
    expect(live(nginx)).toEqual(before);
  });

  test('certferry on a real nginx rejects a certificate for another name before it touches the host, also in a dry run', async () => {
    const { nginx, deploy } = await aRunningSite();
    const before = live(nginx);
    const stranger = await aVersion({ names: ['other.example.test'] });

    for (const run of [await deploy(stranger, '--dry-run'), await deploy(stranger)]) {
      expect(run).toMatchObject({ code: 10, json: { outcome: 'rejected' } });
      expect(run.json.summary).toContain('does not cover www.example.test (it is for other.example.test)');
      expect(run.json.targets[0]?.states).not.toContain('ProbeEndpoint');
    }
    expect(live(nginx)).toEqual(before);
  });

  test('A deployment on a real nginx probes the endpoint from the host if the target is configured so', async () => {
    const { deploy, describeTarget } = await aRunningSite();
    describeTarget({}, { probeFrom: 'host' });
    const seen = await deploy(await aVersion());
    describeTarget({ reloadCommand: ['true'] }, { probeFrom: 'host' });
    const unseen = await deploy(await aVersion());

    expect(seen.json.targets[0]?.states).toContain('ProbeFromHost');
    expect(seen.json.outcome).toBe('deployed');
    expect(unseen).toMatchObject({ code: 13, json: { outcome: 'rolled_back' } });
  });
});
