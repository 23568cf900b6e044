import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { filesBelow, scratchFolder } from '../agent-scripts/disk.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { sshdNeeds } from '../rigs/sshd.ts';
import { certferry, type Run, versionFiles } from './certferry.ts';
import { facesOf, facesOfText, holdersOf, watchProcesses } from './secret-search.ts';
import { certificate, startStoreFleet } from './store-fleet.ts';

const scratch = scratchFolder();
const state = join(scratch, 'state');
const temporary = join(scratch, 'tmp');

// One sequence of commands serves all tests, because each command starts a process of its own.
describeWith(sshdNeeds, 'targets in stores and keystores in local mode', () => {
  let performed: Awaited<ReturnType<typeof performAll>>;
  beforeAll(async () => {
    performed = await performAll();
  });
  afterAll(() => vi.unstubAllEnvs());

  test('The command deploys to every kind from files with credentials, and each endpoint serves the new version.', () => {
    const { first, deployed, afterDeploy } = performed;

    expect(deployed).toMatchObject({ code: 0, json: { outcome: 'deployed' } });
    expect(outcomes(deployed)).toEqual(Array(5).fill('deployed'));
    expect(afterDeploy).toEqual(Array(5).fill(first.fingerprint));
  });

  test('A dry run checks every kind and changes no store.', () => {
    const { dryRun, afterDryRun, first } = performed;

    expect(dryRun.code).toBe(0);
    // the account in the chroot cannot run commands
    expect(outcomes(dryRun)).toEqual([
      ...['validated', 'validate_unsupported', 'validated', 'validated', 'validated'],
    ]);
    expect(afterDryRun).not.toContain(first.fingerprint);
  });

  test('A second deployment of the same version changes nothing in any store.', () => {
    const { unchanged } = performed;

    expect(unchanged.code).toBe(0);
    expect(outcomes(unchanged)).toEqual(Array(5).fill('unchanged'));
  });

  test('A rollback of each target installs its previous version, and the endpoint serves it.', () => {
    const { renewed, second, rollbacks, afterRollback, first } = performed;

    expect(renewed.json.targets.map(({ fingerprint }) => fingerprint)).toEqual(
      Array(5).fill(second.fingerprint),
    );
    for (const rollback of rollbacks) {
      expect(rollback).toMatchObject({ code: 0, json: { targets: [{ fingerprint: first.fingerprint }] } });
    }
    expect(afterRollback).toEqual(Array(5).fill(first.fingerprint));
  });

  test('History and inspect show the deployments of stores.', () => {
    const { history, inspected } = performed;

    expect(history.code).toBe(0);
    for (const id of ['ssh-lambda', 'ssh-local', 'cluster', 'device', 'keystore'])
      expect(history.stdout).toMatch(new RegExp(`${id} +rollback +deployed`));
    expect(inspected).toMatchObject({ code: 0, stdout: expect.stringContaining('PushBundle') });
  });

  test('A refused credential or an unreachable service is reported for its target alone, and the store is unchanged.', () => {
    const { refused, afterRefusal, first } = performed;

    expect(refused.code).toBe(10);
    expect(outcomes(refused)).toEqual(Array(5).fill('rejected'));
    const summaries = refused.json.targets.map(({ summary }) => summary);
    expect(summaries[0]).toContain('passphrase');
    expect(summaries[1]).toContain('refused every configured way to log in');
    expect(summaries[2]).toContain('Replace the credential');
    expect(summaries[3]).toContain('ECONNREFUSED');
    expect(summaries[4]).toContain('storePassword');
    expect(afterRefusal).toEqual(Array(5).fill(first.fingerprint));
  });

  test('No credential is in a process, a record, a log, an output or a temporary file, also after a refusal.', () => {
    const { fleet, wrong, runs, inProcesses } = performed;
    const faces = [...fleet.secrets, ...wrong].flatMap(facesOfText);

    expect(inProcesses).toEqual([]);
    expect(holdersOf(faces, state)).toEqual([]);
    expect(filesBelow(temporary)).toEqual([]);
    // the server made this key; its file shares lines with the public half
    expect(holdersOf(faces, join(scratch, 'server'))).toEqual([
      ...['authorized_keys', 'encrypted', 'encrypted.pub'],
    ]);
    for (const { stdout, stderr } of runs) {
      expect(faces.some((face) => `${stdout}${stderr}`.includes(face.toString('latin1')))).toBe(false);
    }
  });

  test('No private key of a version is in a process, a record, a log, an output or a temporary file.', () => {
    const { first, second, runs } = performed;
    const faces = [first, second].flatMap(facesOf);

    expect(holdersOf(faces, state)).toEqual([]);
    expect(filesBelow(state)).toContain('dynamodb.sqlite');
    for (const { stdout, stderr } of runs) {
      expect(faces.some((face) => `${stdout}${stderr}`.includes(face.toString('latin1')))).toBe(false);
    }
    const onServer = holdersOf(faces, join(scratch, 'server'));
    expect(onServer).toContain('remote/privkey.pem');
    for (const name of onServer) expect(name).toMatch(/^(remote|jail\/files)\//);
  });

  test('The search finds a credential in each form that a leak could have.', () => {
    const [secret = ''] = performed.fleet.secrets.slice(-1);
    const forms = [
      secret,
      ...['', 'x', 'xy'].map((before) => Buffer.from(before + secret).toString('base64')),
    ];

    const found = forms.map((form) => facesOfText(secret).some((face) => form.includes(face.toString())));

    expect(found).toEqual([true, true, true, true]);
  });
});

const outcomes = ({ json }: Run) => json.targets.map(({ outcome }) => outcome);

async function performAll() {
  const fleet = await startStoreFleet(scratch);
  try {
    return await performCommands(fleet);
  } finally {
    await fleet.stop();
  }
}

async function performCommands(fleet: Awaited<ReturnType<typeof startStoreFleet>>) {
  mkdirSync(temporary);
  vi.stubEnv('TMPDIR', temporary);
  const [first, second] = [await aVersion(), await aVersion({ keyType: 'rsa2048' })];
  const wrong = ['mistyped-zq-1', 'mistyped-zq-2', 'mistyped-zq-3', 'mistyped-zq-4'];
  const faces = [...[first, second].flatMap(facesOf), ...[...fleet.secrets, ...wrong].flatMap(facesOfText)];
  const stopWatching = watchProcesses(faces);
  const runs: Run[] = [];
  const run = async (...args: string[]) => {
    const result = await certferry(...args);
    runs.push(result);
    return result;
  };
  const where = ['--local', '--state', state];
  const common = [...where, '--targets', fleet.targetsFile, '--json'];
  const deploy = (version: IssuedCertificate, ...more: string[]) => {
    const { cert, key } = versionFiles(join(scratch, `incoming-${runs.length}`), version);
    return run('deploy', ...common, '--certificate', certificate, '--cert', cert, '--key', key, ...more);
  };
  const dryRun = await deploy(first, '--dry-run');
  const afterDryRun = await fleet.served();
  const deployed = await deploy(first);
  const afterDeploy = await fleet.served();
  const unchanged = await deploy(first);
  const renewed = await deploy(second);
  const rollbacks: Run[] = [];
  for (const id of fleet.ids) rollbacks.push(await run('rollback', ...common, '--target', id));
  const afterRollback = await fleet.served();
  const history = await run('history', ...where);
  const inspected = await run('inspect', ...where, 'last');
  const names = ['ssh-passphrase', 'ssh-password', 'cluster-token', 'store-password'] as const;
  for (const [index, name] of names.entries()) fleet.replaceCredential(name, wrong[index] ?? '');
  await fleet.bigIp.device.close();
  const refused = await deploy(second);
  const afterRefusal = await fleet.served();
  return {
    ...{ fleet, first, second, wrong, runs, dryRun, afterDryRun, deployed, afterDeploy, unchanged, renewed },
    ...{ rollbacks, afterRollback, history, inspected, refused, afterRefusal, inProcesses: stopWatching() },
  };
}
