import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJob } from '../../core/seal/job-text.ts';
import { unseal } from '../../core/seal/unseal.ts';
import { saveHost, stateOfHost } from '../contract/saved-host.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { signed, withoutSignature } from '../fixtures/signed-jobs.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { scratchFolder } from './disk.ts';
import { fileChangingCalls, killAt, recordTo } from './file-changing-calls.ts';
import { aTarget, runAgentWith, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;

async function aHost(changes: object = {}) {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const config = {
    certPath: join(folder, 'tls/cert.pem'),
    keyPath: join(folder, 'tls/key.pem'),
    reloadCommand: ['true'],
    ...changes,
  };
  return { folder, target: aTarget('files', config), host: testHost(join(folder, 'home')) };
}

type StoredKey = Parameters<typeof unseal>[1];
interface StoredKeys {
  readonly current: StoredKey;
  readonly next: StoredKey | null;
  readonly retired?: readonly string[];
}

const keysFile = (home: string): string => join(home, 'keys.json');
const keysOf = (home: string): StoredKeys => JSON.parse(readFileSync(keysFile(home), 'utf8'));

/** The job with a signature of its own, as certferry sends it a second time. */
const signedAgain = (job: string) => signed(withoutSignature(job));

/** Whether a private key on the host opens the job. */
async function canOpen(home: string, job: string): Promise<boolean> {
  const { current, next } = keysOf(home);
  const attempts = [current, ...(next === null ? [] : [next])].map((key) =>
    unseal(withoutSignature(job), key).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(attempts)).includes(true);
}

describeWith([program('flock', 'util-linux')], 'keys of a host', () => {
  test.each(['applied', 'unchanged', 'reload_failed', 'validated', 'rejected', 'expired'] as const)(
    'No key on the host opens the newest job after it has ended as %s',
    async (ending) => {
      const changes = {
        reload_failed: {
          reloadCommand: [
            '/bin/sh',
            '-c',
            `[ -e "${scratch}/once-${++count}" ] || { touch "${scratch}/once-${count}"; exit 1; }`,
          ],
        },
        validated: { validateCommand: ['true'] },
        rejected: { owner: 'no-such-user' },
      } as Readonly<Record<string, object>>;
      const { host, target } = await aHost(changes[ending]);
      const version = await aVersion();
      if (ending === 'unchanged') await host.send('deploy', { target, version });
      const header = ending === 'expired' ? { expiresAt: 1 } : {};
      const job = await host.jobText(ending === 'validated' ? 'validate' : 'deploy', {
        target,
        version,
        header,
      });
      expect(await canOpen(host.home, job)).toBe(true);

      const { line } = await runAgentWith(host.home, job);

      const outcomes: Readonly<Record<string, string[]>> = {
        expired: ['rejected'],
        validated: ['validated', 'validate_unsupported'],
      };
      expect(outcomes[ending] ?? [ending]).toContain(line?.outcome);
      expect(await canOpen(host.home, job)).toBe(false);
      expect(line?.hostKey?.kid).toBe(keysOf(host.home).current.kid);
      expect(statSync(keysFile(host.home)).mode & 0o777).toBe(0o600);
    },
  );

  test('A repeated job gets its result from the receipt, although its key was deleted', async () => {
    const { host, target } = await aHost();
    const job = await host.jobText('deploy', { target, version: await aVersion() });
    const first = await runAgentWith(host.home, job);

    const again = await runAgentWith(host.home, await signedAgain(job));

    expect(first.line?.outcome).toBe('applied');
    expect(again.line).toEqual({ ...first.line, recovered: null });
  });

  test('The host names a retired key, and the sender can repeat the job with the current one', async () => {
    const { host, target } = await aHost();
    const lost = await host.jobText('deploy', { target, version: await aVersion() });
    await runAgentWith(host.home, lost);
    const version = await aVersion();
    const job = await host.jobText('deploy', { target, version });

    const refused = await runAgentWith(host.home, job);
    expect(refused.line).toMatchObject({ outcome: 'enrolled', reason: 'RetiredHostKey' });
    expect(refused.line?.hostKey?.kid).toBe(keysOf(host.home).current.kid);

    const line = await host.send('deploy', { target, version });
    expect(line).toMatchObject({ outcome: 'applied', version: { fingerprint: version.fingerprint } });
  });

  test('The host does not name a key as retired that it never had', async () => {
    const { host, target } = await aHost();
    await host.send('deploy', { target, version: await aVersion() });
    const stranger = testHost(join(scratch, `host-${count}`, 'other-home'));

    const { line } = await runAgentWith(
      host.home,
      await stranger.jobText('deploy', { target, version: await aVersion() }),
    );

    expect(line).toMatchObject({ outcome: 'enrolled', reason: 'UnknownHostKey' });
  });

  test('A job sealed to the key that an earlier agent kept after its use is still opened', async () => {
    const { host, target } = await aHost();
    const job = await host.jobText('deploy', { target, version: await aVersion() });
    const { current } = keysOf(host.home);
    const other = testHost(join(scratch, `host-${count}`, 'other-home'));
    await other.jobText('deploy', { target, version: await aVersion() });
    writeFileSync(keysFile(host.home), JSON.stringify({ current, next: keysOf(other.home).current }));

    const { line } = await runAgentWith(host.home, job);

    expect(line?.outcome).toBe('applied');
    expect(await canOpen(host.home, job)).toBe(false);
  });

  test.each(['accepted-jobs.json', 'journal.json'])(
    'A damaged %s is reported with the next step',
    async (name) => {
      const { host, target } = await aHost();
      const job = await host.jobText('deploy', { target, version: await aVersion() });
      const path = join(host.home, name);
      writeFileSync(path, '{');

      const { line, stderr } = await runAgentWith(host.home, job);

      // the random name of the folder looks like base64, so the path may be redacted
      expect(line?.summary ?? stderr).toMatch(/\.json is damaged; .*remove it/);
    },
  );

  test('A damaged key file is reported without its content', async () => {
    const { host, target } = await aHost();
    const job = await host.jobText('deploy', { target, version: await aVersion() });
    const { d } = keysOf(host.home).current;
    writeFileSync(keysFile(host.home), `{"current":"${d}`);

    const { line, stdout, stderr } = await runAgentWith(host.home, job);

    expect(line?.summary ?? stderr).toContain('keys.json is damaged');
    expect(stdout + stderr).not.toContain(d.slice(0, 8));
  });
});

/** Outcomes and reasons of a job that is repeated after a kill: performed, answered from a receipt, or sealed to a former key. */
const repeatedResults = [
  'applied null',
  'unchanged null',
  'rejected Interrupted',
  'restored Interrupted',
  'enrolled RetiredHostKey',
];

describeWith([program('flock', 'util-linux'), program('strace')], 'a killed agent', () => {
  test('The host has a key after a kill at every file-changing call, the next job retires the opened key, and a repetition of the job has a result', async () => {
    const { host, target, folder } = await aHost();
    const send = async () => host.send('deploy', { target, version: await aVersion() });
    await send();
    const trace = join(folder, 'trace');
    await runAgentWith(
      host.home,
      await host.jobText('deploy', { target, version: await aVersion() }),
      recordTo(trace),
    );
    const calls = fileChangingCalls(trace, folder);
    rmSync(trace);
    const line = await send();
    const files = {
      folder,
      host,
      site: { liveFiles: [join(folder, 'tls/cert.pem'), join(folder, 'tls/key.pem')] },
    };
    const saved = saveHost(files);
    const version = await aVersion();
    const states = new Set<string>();

    let kills = 0;
    for (const call of calls) {
      saved.restore();
      host.received(line);
      const job = await host.jobText('deploy', { target, version });
      const { kid } = keyOf(job);
      const killed = await runAgentWith(host.home, job, killAt(call));
      if (killed.line === null) kills += 1;

      expect(keysOf(host.home).current.kid).toBeDefined();
      // many kills leave the same files, which are all that the next run finds
      const state = stateOfHost(files);
      if (states.has(state)) continue;
      states.add(state);
      const repeated = await runAgentWith(host.home, await signedAgain(job));
      expect(repeatedResults).toContain(`${repeated.line?.outcome} ${repeated.line?.reason}`);

      await host.send('inspect', { target });
      expect(await canOpen(host.home, job)).toBe(false);
      expect(keysOf(host.home).current.kid).not.toBe(kid);
      expect((await send()).outcome).toBe('applied');
    }

    expect(kills).toBeGreaterThan(calls.length * 0.9);
    expect(states.size).toBeGreaterThan(calls.length / 4);
    expect(calls.filter(({ text }) => text.includes('keys.json')).length).toBeGreaterThan(4);
  });

  test('The next job of any kind deletes the key of a job that was killed before its end', async () => {
    const { host, target, folder } = await aHost();
    await host.send('deploy', { target, version: await aVersion() });
    const trace = join(folder, 'trace');
    const text = async () => host.jobText('deploy', { target, version: await aVersion() });
    await runAgentWith(host.home, await text(), recordTo(trace));
    const receipt = fileChangingCalls(trace, folder).find(
      ({ name, text: line }) => name === 'rename' && line.includes('/receipts/'),
    );
    expect(receipt).toBeDefined();
    await host.send('deploy', { target, version: await aVersion() });
    const job = await text();
    if (receipt !== undefined) await runAgentWith(host.home, job, killAt(receipt));
    expect(await canOpen(host.home, job)).toBe(true);

    await host.send('inspect', { target });

    expect(await canOpen(host.home, job)).toBe(false);
  });
});

function keyOf(job: string): { kid: string } {
  const read = readJob(withoutSignature(job));
  if (!read.sealed) throw new Error('the job is not sealed');
  return read;
}
