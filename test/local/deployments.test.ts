import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import type { LocalBackend } from '../../local/backend/local-backend.ts';
import type { LocalDeploymentResult } from '../../local/backend/run-deployment.ts';
import { aVersion, createAuthority } from '../fixtures/certificates.ts';
import { useLocalBackend } from './local-backend.ts';
import { filesUnder, needlesOf } from './needles.ts';
import { deploying, makeStuck } from './served-target.ts';

const rig = useLocalBackend();

const pathOf = ({ events }: Pick<LocalDeploymentResult, 'events'>) =>
  events.filter(({ type }) => type === 'StateEntered').map(({ state }) => state?.name);

const success = [
  'AcquireLock',
  'PushBundle',
  'PushOutcome?',
  'ProbeEndpoint',
  'ProbeOutcome?',
  'CommitDeployment',
  'Deployed',
];

describe('a deployment on this machine', () => {
  test('A deployment on this machine enrolls the host on its first way, and costs seven transitions from then on', async () => {
    const backend = await rig().open();

    const first = await backend.deploy(deploying(rig().served.target(), await aVersion()));
    const version = await aVersion();
    const second = await backend.deploy(deploying(rig().served.target(), version));

    expect(pathOf(first)).toEqual([...success.slice(0, 3), ...success.slice(1)]);
    expect(pathOf(second)).toEqual(success);
    expect(second).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'deployed', fence: 2 } });
    expect(readFileSync(rig().served.certPath, 'utf8')).toBe(version.certPem + version.chainPem);
  });

  test('A deployment on this machine installs a chain whose keys are all ML-DSA-87, and verifies that it is served', async () => {
    const { backend } = await rig().openEnrolled();
    const authority = await createAuthority({ name: 'Quantum', keyType: 'ml-dsa-87', intermediate: true });
    const version = await authority.issue({ names: ['www.example.test'], keyType: 'ml-dsa-87' });

    const { status, output } = await backend.deploy(deploying(rig().served.target(), version));

    expect({ status, output }).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'deployed' } });
    expect(readFileSync(rig().served.keyPath, 'utf8')).toBe(version.keyPem);
  });

  test('A deployment on this machine ends in every way a host can leave it, with its path and its history', {
    timeout: 600_000,
  }, async () => {
    const { backend, first } = await rig().openEnrolled();
    const results: [string, LocalDeploymentResult][] = [];
    const run = async (name: string, request: Parameters<LocalBackend['deploy']>[0]) =>
      results.push([name, await backend.deploy(request)]);
    const refusing = rig().served.target({ config: { validateCommand: ['false'] } });
    const notReloading = rig().served.target({ config: { reloadCommand: ['false'] } });

    await run('unchanged', deploying(rig().served.target(), first));
    await run('validated', {
      ...deploying(refusing, await aVersion()),
      target: rig().served.target({ config: { validateCommand: ['true'] } }),
      action: 'validate',
    });
    await run('validate_failed', deploying(refusing, await aVersion()));
    await run('rollback_failed', deploying(notReloading, await aVersion()));
    await run('deployed_unverified', deploying(rig().served.target({ verify: 'none' }), await aVersion()));
    const another = (await aVersion()).fingerprint;
    const { version, ...request } = deploying(rig().served.target(), first);
    await run('rejected', { ...request, version: version && { ...version, fingerprint: another } });
    await run('deployed', { target: rig().served.target(), action: 'rollback', version: null });
    makeStuck(rig().served);
    await run('rolled_back', deploying(rig().served.target(), await aVersion()));

    expect(results.map(([, { output }]) => output.outcome)).toEqual(results.map(([name]) => name));
    expect((await backend.history({ targetId: 'web-1' })).map(({ outcome }) => outcome)).toEqual(
      ['deployed', ...results.map(([name]) => name)].reverse(),
    );
    expect(pathOf(results.at(-1)?.[1] ?? { events: [] })).toEqual([
      ...success.slice(0, 5),
      'BackOff',
      'ProbeFrom?',
      'ProbeEndpoint',
      'ProbeOutcome?',
      'RollBack',
      'RollBackOutcome?',
      'ProbeRestored',
      'ProbeRestoredOutcome?',
      'RecordRolledBack',
      'RolledBack',
    ]);
  });

  test('A deployment on this machine is rejected, and not lost, if the bootstrap script refuses to start the agent', async () => {
    const { backend } = await rig().openEnrolled();
    const before = readFileSync(rig().served.certPath, 'utf8');
    const home = join(rig().stateDir, 'hosts/local');
    chmodSync(home, 0o777);

    const refused = await backend.deploy(deploying(rig().served.target(), await aVersion()));
    chmodSync(home, 0o700);

    expect(refused.output).toMatchObject({
      outcome: 'rejected',
      reason: 'AgentNotStarted',
      summary: expect.stringMatching(/nothing was changed on the host: .*UntrustedPath: the agent folder/),
    });
    expect(pathOf(refused)).toEqual([...success.slice(0, 3), 'RecordFailed', 'DeploymentFailed']);
    expect(readFileSync(rig().served.certPath, 'utf8')).toBe(before);
  });

  test('A deployment on this machine is inspected by name and as the last one, also by another process', async () => {
    const { backend, first } = await rig().openEnrolled();
    const { executionName, events } = await backend.deploy(deploying(rig().served.target(), first));

    const other = await rig().open();

    expect(await other.inspect('last')).toMatchObject({
      executionName,
      status: 'SUCCEEDED',
      output: { outcome: 'unchanged' },
    });
    expect((await other.inspect(executionName))?.events).toEqual(JSON.parse(JSON.stringify(events)));
    expect(await other.inspect('nobody')).toBeNull();
  });

  test('A deployment on this machine refuses a request that is none before anything is started', async () => {
    const backend = await rig().open();

    const broken = backend.deploy({
      target: rig().served.target(),
      action: 'deploy',
      version: { fingerprint: 'sha256:short', secret: { pkcs12: '' } },
    });

    await expect(broken).rejects.toMatchObject({ name: 'InvalidRequest' });
    expect(await backend.inspect('last')).toBeNull();
  });

  test('A deployment on this machine leaves the private key on the host alone', async () => {
    const { backend, first } = await rig().openEnrolled();
    makeStuck(rig().served);
    const second = await aVersion();
    await backend.deploy(deploying(rig().served.target(), second));
    await backend.close();

    const needles = [first, second].flatMap(({ keyPem }) => needlesOf(keyPem));
    const found = filesUnder(rig().stateDir).filter((path) => {
      const bytes = readFileSync(path);
      return needles.some((needle) => bytes.includes(needle));
    });

    // the key before, kept for undoing by the host's own agent in its own folder
    expect(found.filter((path) => !path.startsWith(join(rig().stateDir, 'hosts/local/')))).toEqual([]);
    expect(readFileSync(rig().served.keyPath, 'utf8')).toBe(first.keyPem);
  });

  test('A deployment on this machine is kept where only its owner can enter', async () => {
    const { backend } = await rig().openEnrolled();
    await backend.close();

    const [folders, files] = [
      readdirSync(rig().stateDir, { withFileTypes: true }).filter((one) => one.isDirectory()),
      ['dynamodb.sqlite'],
    ];
    const modes = [rig().stateDir, ...files.map((name) => join(rig().stateDir, name))].map(
      (path) => statSync(path).mode & 0o777,
    );

    expect(modes).toEqual([0o700, 0o600]);
    expect(folders.map(({ name }) => name)).toContain('sockets');
    for (const { name } of folders) {
      expect([name, statSync(join(rig().stateDir, name)).mode & 0o077]).toEqual([name, 0]);
    }
  });
});
