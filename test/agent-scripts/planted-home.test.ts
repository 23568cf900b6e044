import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { homeAt } from '../../agent-scripts/host/home.ts';
import { readAgentLine } from '../../core/deployment/agent-line.ts';
import { signedOpenJob, testHostId } from '../fixtures/signed-jobs.ts';
import { describeWith, root } from '../rigs/require-daemon.ts';
import { sha256 } from './bootstrap-host.ts';
import { aTarget, runAgentWith } from './run-agent.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

/** The user that plants files. */
const attacker = 65_534;
const agentFile = resolve(import.meta.dirname, '../../dist/agent/agent.cjs');
const pins = { agentUrl: `file://${agentFile}`, agentSha256: sha256(readFileSync(agentFile)) };

/** The text of a new signed job, because a host accepts each only once. */
function aJob(): Promise<string> {
  const expiresAt = Math.floor(Date.now() / 1_000) + 3_600;
  return signedOpenJob({
    header: { v: 1, action: 'enroll', deploymentId: 'd-1', targetId: 'web-1', fence: 0, expiresAt },
    probe: null,
  });
}

const { host } = useBootstrapHost();
let marker: string;
beforeEach(() => {
  chmodSync(host.root, 0o755);
  marker = join(host.root, 'executed');
});

/** The journal of an undo that another run would complete with the attacker's command. */
function plantJournal(): string {
  const path = join(host.home, 'journal.json');
  const version = { fingerprint: `sha256:${'0'.repeat(64)}`, chain: [], keyAlgorithm: 'ec', notAfter: 0 };
  const { verify } = aTarget('files', { certPath: '/x', keyPath: '/y', reloadCommand: ['true'] });
  const change = {
    ...{ deploymentId: 'd-0', targetId: 'web-1', fence: 1, files: [] },
    activate: { kind: 'command', argv: ['touch', marker] },
    ...{ validate: null, sandbox: null, commandTimeoutSeconds: 10, backupRetention: 1 },
    ...{ verify, version, previousVersion: null },
  };
  writeFileSync(path, JSON.stringify({ v: 1, phase: 'undoing', change }));
  lchownSync(path, attacker, attacker);
  return path;
}

const plantHome = (uid: number, mode: number) => {
  mkdirSync(host.home);
  chownSync(host.home, uid, uid);
  chmodSync(host.home, mode);
};

const runBootstrap = async () => host.run(pins, { SSM_Job: await aJob(), AWS_SSM_INSTANCE_ID: testHostId });

/** Runs the agent without bootstrap.sh, so that its own check is what refuses. */
const runAgent = async () => runAgentWith(host.home, await aJob());

describeWith([root], 'a planted agent folder', () => {
  test('A journal of root is completed, which shows that a planted one would be', async () => {
    plantHome(0, 0o700);
    chownSync(plantJournal(), 0, 0);

    const { line } = await runAgent();

    expect(line).toMatchObject({ outcome: 'enrolled', recovered: { outcome: 'restored' } });
    expect(existsSync(marker)).toBe(true);
  });

  test.each([
    ['belongs to the attacker', attacker, 0o755, 'owner'],
    ['is private, and belongs to the attacker', attacker, 0o700, 'owner'],
    ['belongs to root with mode 0777', 0, 0o777, 'mode'],
    ['belongs to root with mode 1777', 0, 0o1777, 'mode'],
  ] as const)('A planted journal is not executed in a folder that %s', async (_, uid, mode, problem) => {
    plantHome(uid, mode);
    plantJournal();

    const [bootstrap, agent] = [await runBootstrap(), await runAgent()];

    const fix = { owner: `chown -h root '${host.home}'`, mode: `chmod go-w '${host.home}'` }[problem];
    expect(bootstrap).toMatchObject({ status: 125, stdout: '' });
    expect(bootstrap.stderr).toContain(
      `UntrustedPath: the agent folder ${host.home} is not used: ${host.home} belongs to uid ${uid}`,
    );
    expect(bootstrap.stderr).toContain(fix);
    expect(agent.line).toMatchObject({ outcome: 'rejected', reason: 'UntrustedPath' });
    expect(agent.line?.summary).toContain(fix);
    expect(existsSync(marker)).toBe(false);
    expect(existsSync(host.bin)).toBe(false);
  });

  test('A planted journal is not executed when only a parent folder lets others write', async () => {
    chmodSync(host.root, 0o777);
    plantHome(0, 0o700);
    plantJournal();

    const [bootstrap, agent] = [await runBootstrap(), await runAgent()];

    expect(bootstrap.stderr).toContain(`${host.root} belongs to uid 0`);
    expect(agent.line).toMatchObject({ reason: 'UntrustedPath' });
    expect(existsSync(marker)).toBe(false);
  });

  test('A link that the attacker has planted instead of the folder is not followed', async () => {
    const elsewhere = join(host.root, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o755 });
    symlinkSync(elsewhere, host.home);
    lchownSync(host.home, attacker, attacker);

    const [bootstrap, agent] = [await runBootstrap(), await runAgent()];

    expect(bootstrap).toMatchObject({ status: 125, stdout: '' });
    expect(bootstrap.stderr).toContain(`UntrustedPath: the agent folder ${host.home}`);
    expect(agent.line).toMatchObject({ reason: 'UntrustedPath' });
    expect(existsSync(join(elsewhere, 'bin'))).toBe(false);
  });

  test('A journal that was planted before root corrected the folder is not executed', async () => {
    plantHome(0, 0o700);
    plantJournal();

    const { status, stdout } = await runBootstrap();

    expect(status).toBe(0);
    expect(readAgentLine(stdout)).toMatchObject({ outcome: 'rejected', reason: 'UntrustedPath' });
    expect(existsSync(marker)).toBe(false);
  });

  const { root: _root, target: _target, ...paths } = homeAt('/');
  const temporaries = [paths.keys, paths.acceptedJobs, paths.journal].map((path) => `${path}.next`);
  test.each([...Object.values(paths), ...temporaries])(
    'A planted %s in the folder is refused',
    async (name) => {
      plantHome(0, 0o700);
      writeFileSync(join(host.home, name), '{}');
      chownSync(join(host.home, name), attacker, attacker);

      const { line } = await runAgent();

      expect(line).toMatchObject({ outcome: 'rejected', reason: 'UntrustedPath' });
    },
  );

  test('The lock file of the agent is not opened through a link that the attacker has planted', async () => {
    plantHome(0, 0o700);
    symlinkSync(marker, join(host.home, 'lock'));
    lchownSync(join(host.home, 'lock'), attacker, attacker);

    const { line } = await runAgent();

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'UntrustedPath' });
    expect(existsSync(marker)).toBe(false);
  });

  test.each(['receipts', 'fence', 'backups'])('A planted %s of a target is refused', async (name) => {
    mkdirSync(join(host.home, 'targets/web-1'), { recursive: true, mode: 0o700 });
    writeFileSync(join(host.home, 'targets/web-1', name), '9');
    chownSync(join(host.home, 'targets/web-1', name), attacker, attacker);

    const { line } = await runAgent();

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'UntrustedPath' });
  });

  test('A backup may belong to the user of the daemon, because it is the file of the daemon', async () => {
    const backups = join(host.home, 'targets/web-1/backups/d-0');
    mkdirSync(backups, { recursive: true, mode: 0o700 });
    writeFileSync(join(backups, '0'), 'pem');
    chownSync(join(backups, '0'), attacker, attacker);

    const { line } = await runAgent();

    expect(line).toMatchObject({ outcome: 'enrolled' });
  });

  test('A link of root in the folder is followed by bootstrap, and one of the attacker ends its run', async () => {
    await runBootstrap();
    const moved = join(host.root, 'moved');
    const agent = join(host.bin, `agent-${pins.agentSha256}.cjs`);
    renameSync(agent, moved);
    symlinkSync(moved, agent);

    const followed = await runBootstrap();
    lchownSync(agent, attacker, attacker);
    const refused = await runBootstrap();

    expect(readAgentLine(followed.stdout)).toMatchObject({ outcome: 'enrolled' });
    expect(refused.stderr).toContain(`${agent} belongs to uid ${attacker}`);
  });

  test.each([
    ['the agent', `bin/agent-${pins.agentSha256}.cjs`],
    ['compiled code', 'compiled/v24/0'],
    ['an unused program', 'bin/node-other'],
  ])('A file with %s that belongs to the attacker ends the run of bootstrap', async (_, name) => {
    await runBootstrap();
    const path = join(host.home, name);
    mkdirSync(join(host.home, 'compiled/v24'), { recursive: true, mode: 0o700 });
    if (!existsSync(path)) writeFileSync(path, '');
    chownSync(path, attacker, attacker);

    const ended = await runBootstrap();

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toMatch(/UntrustedPath: .* belongs to uid 65534/);
    expect(ended.stderr).toContain(`then run: rm -rf '${path}'`);
  });
});
