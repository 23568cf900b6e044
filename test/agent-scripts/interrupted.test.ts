// What the agent answers to the question how a deployment ended that returned no result.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { fingerprintOfFile, scratchFolder } from './disk.ts';
import { aTarget, startAgent, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;

/** A host with a deployed version, and the header of the next deployment. */
async function aHost() {
  count += 1;
  const folder = join(scratch, `host-${count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const certPath = join(folder, 'tls/cert.pem');
  const files = { certPath, keyPath: join(folder, 'tls/key.pem') };
  const targetWith = (config: object) => aTarget('files', { ...files, reloadCommand: ['true'], ...config });
  const host = testHost(join(folder, 'home'));
  const [first, next] = [await aVersion(), await aVersion()];
  const { outcome } = await host.send('deploy', { target: targetWith({}), version: first });
  expect(outcome).toBe('applied');
  const header = { deploymentId: 'd-next', fence: 7 };
  const ask = () => host.send('inspect', { target: targetWith({}), header });
  return { folder, certPath, host, targetWith, first, next, header, ask };
}

describeWith([program('flock', 'util-linux')], 'the agent, asked how a deployment ended', () => {
  test('The agent reports a deployment as restored that was killed during its reload, also when asked again', async () => {
    const { folder, certPath, host, targetWith, first, next, header, ask } = await aHost();
    const dies = `[ -e ${folder}/died ] || { touch ${folder}/died; kill -9 $PPID; }`;
    const target = targetWith({ reloadCommand: ['sh', '-c', dies] });
    const killed = await host.run('deploy', { target, version: next, header });
    expect(killed.line).toBeNull();

    const [answer, again] = [await ask(), await ask()];

    expect(answer).toMatchObject({ outcome: 'restored', reason: 'Interrupted', deploymentId: 'd-next' });
    expect(answer.recovered).toMatchObject({ outcome: 'restored' });
    expect(again).toEqual({ ...answer, recovered: null });
    expect(fingerprintOfFile(certPath)).toBe(first.fingerprint);
    expect((await host.send('undo', { target, header })).outcome).toBe('restored');
  });

  test('The agent reports a deployment as rejected that was killed before it changed a live file', async () => {
    const { folder, host, targetWith, next, header, ask } = await aHost();
    const [started, gate] = [join(folder, 'started'), join(folder, 'gate')];
    const waits = `touch ${started}; while [ ! -e ${gate} ]; do sleep 0.05; done`;
    const target = targetWith({ validateCommand: ['sh', '-c', waits] });
    const job = await host.jobText('deploy', { target, version: next, header });
    const { child, ended } = startAgent(host.home, job);
    await expect.poll(() => existsSync(started)).toBe(true);
    child.kill('SIGKILL');
    writeFileSync(gate, '');
    await ended;

    expect(await ask()).toMatchObject({ outcome: 'rejected', reason: 'Interrupted' });
  });

  test('The agent has not performed a deployment that it does not know, and refuses the job when it arrives after the answer', async () => {
    const { certPath, host, targetWith, first, next, header, ask } = await aHost();

    const answer = await ask();
    const late = await host.send('deploy', { target: targetWith({}), version: next, header });

    expect(answer).toMatchObject({ outcome: 'rejected', reason: 'NotPerformed' });
    expect(late).toMatchObject({ outcome: 'rejected', reason: 'NotPerformed' });
    expect(fingerprintOfFile(certPath)).toBe(first.fingerprint);
  });

  test('The agent reports a deployment as restored that an undo job has reversed', async () => {
    const { host, targetWith, next, header, ask } = await aHost();
    await host.send('deploy', { target: targetWith({}), version: next, header });
    await host.send('undo', { target: targetWith({}), header });

    expect((await ask()).outcome).toBe('restored');
  });

  test('The agent reports a failed rollback as such, and not as restored', async () => {
    const { host, targetWith, next, header, ask } = await aHost();
    await host.send('deploy', { target: targetWith({}), version: next, header });
    const backup = join(host.home, 'targets/web-1/backups/d-next/0-key.pem');
    writeFileSync(backup, 'damaged');
    await host.send('undo', { target: targetWith({}), header });

    expect(await ask()).toMatchObject({ outcome: 'rollback_failed', reason: 'RestoreFailed' });
  });
});
