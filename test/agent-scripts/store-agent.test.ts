import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { HostKey } from '../../core/deployment/agent-line.ts';
import type { JobHeader, SealedStoreBody } from '../../core/deployment/job.ts';
import { seal, sealStoreJob } from '../../core/seal/seal.ts';
import { anAuthority, aVersion } from '../fixtures/certificates.ts';
import { signed, signedOpenJob } from '../fixtures/signed-jobs.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { scratchFolder } from './disk.ts';
import { aTarget, bundleOf, startAgent, storeAgentFile } from './run-agent.ts';

const scratch = scratchFolder();
const secret = 'a-password-of-the-server';
let fence = 0;
let closedPort = 0;

/** A port on which nothing listens any more. */
beforeAll(async () => {
  await anAuthority();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closedPort = (server.address() as { port: number }).port;
  await new Promise((resolve) => server.close(resolve));
});

const header = (action: JobHeader['action'], known: Partial<JobHeader> = {}): JobHeader => ({
  v: 1,
  action,
  deploymentId: `d-${++fence}`,
  targetId: 'web-1',
  fence,
  expiresAt: Math.floor(Date.now() / 1_000) + 600,
  ...known,
});

/** A body for a server that does not answer. */
function unreachable(bundle: SealedStoreBody['bundle'] = null): SealedStoreBody {
  const config = {
    address: '127.0.0.1',
    port: closedPort,
    user: 'deploy',
    hostKey: `SHA256:${'A'.repeat(43)}`,
    password: { secretId: 'server' },
    certPath: '/etc/tls/fullchain.pem',
    keyPath: '/etc/tls/privkey.pem',
  };
  return { target: aTarget('ssh', config), bundle, credentials: { password: secret }, previous: [] };
}

const run = (home: string, job: string) => startAgent(home, job, [], {}, storeAgentFile).ended;

async function sealedTo(key: HostKey, about: JobHeader, body: SealedStoreBody): Promise<string> {
  return signed(await sealStoreJob(about, body, key), { header: about });
}

async function enrolled(name: string): Promise<{ home: string; key: HostKey }> {
  const home = join(scratch, name);
  const { line, stderr } = await run(home, await signedOpenJob({ header: header('enroll'), probe: null }));
  if (!line?.hostKey) throw new Error(`not enrolled: ${stderr}`);
  return { home, key: line.hostKey };
}

describeWith([program('flock', 'util-linux')], 'The agent for targets in a store', () => {
  test('The agent refuses a store that it cannot reach, and a sealed undo with its retired key gets the new key', async () => {
    const { home, key } = await enrolled('unreachable');
    const deploy = header('deploy');
    const body = unreachable(bundleOf(await aVersion()));

    const refused = await run(home, await sealedTo(key, deploy, body));
    const late = await run(home, await sealedTo(key, header('undo', deploy), unreachable()));

    expect(refused.line).toMatchObject({ outcome: 'rejected', reason: 'StoreUnreachable' });
    expect(refused.line?.hostKey?.kid).not.toBe(key.kid);
    expect(late.line).toMatchObject({ outcome: 'enrolled', reason: 'RetiredHostKey' });
    expect(late.line?.hostKey).toEqual(refused.line?.hostKey);
    for (const { stdout, stderr } of [refused, late]) expect(stdout + stderr).not.toContain(secret);
  });

  test('The agent contains no undici, which Node 20 of a host cannot load', () => {
    expect(readFileSync(storeAgentFile, 'utf8')).not.toContain('undici');
  });

  test('The agent refuses a job for a target with files, and an undo that is not sealed', async () => {
    const { home, key } = await enrolled('other-jobs');
    const deploy = header('deploy');
    const config = { certPath: '/etc/tls/cert.pem', keyPath: '/etc/tls/key.pem', reloadCommand: ['true'] };
    const files = { target: aTarget('files', config), bundle: bundleOf(await aVersion()) };

    const withFiles = await run(home, await signed(await seal(deploy, files, key), { header: deploy }));
    const open = await run(home, await signedOpenJob({ header: header('undo'), probe: null }));

    for (const { line } of [withFiles, open]) {
      expect(line).toMatchObject({ outcome: 'rejected', reason: 'JobUnreadable' });
    }
    expect(open.line?.summary).toContain('must be sealed');
  });

  test('The agent ends without a result if it cannot read how an interrupted deployment ended', async () => {
    const { home, key } = await enrolled('damaged');
    const inspect = header('inspect', { deploymentId: 'interrupted' });
    const store = join(home, 'targets/web-1/store');
    mkdirSync(join(store, 'receipts'), { recursive: true, mode: 0o700 });
    const change = {
      deploymentId: 'interrupted',
      targetId: 'web-1',
      kind: 'ssh',
      fence: 1,
      plan: {},
      verify: 'none',
      version: null,
      previousVersion: null,
    };
    const write = (path: string, text: string) => writeFileSync(join(store, path), text, { mode: 0o600 });
    write('journal.json', JSON.stringify({ v: 1, phase: 'applying', change }));
    write('receipts/interrupted.json', 'damaged');

    const { code, line, stderr } = await run(home, await sealedTo(key, inspect, unreachable()));

    expect({ code, line }).toEqual({ code: 1, line: null });
    expect(stderr).toContain('is damaged; remove it');
  });
});
