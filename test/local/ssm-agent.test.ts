import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelCommandCommand } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { commandFiles, openCommandRecords, readOrEmpty } from '../../local/ssm/command-records.ts';
import { settle } from '../../local/ssm/host.ts';
import { ssmAgent, timeoutSecondsOf } from '../../local/ssm/ssm-agent.ts';
import { describeWith, root } from '../rigs/require-daemon.ts';
import { useSsm } from './ssm-rig.ts';

const rig = useSsm();
const { look, open, runToEnd } = rig;

const linesOf = (text: string | undefined): string[] => (text ?? '').trimEnd().split('\n');

/** The test of each row of the table. */
const rows: Readonly<Record<keyof typeof ssmAgent, () => Promise<void>>> = {
  async script() {
    const { invocation, commandId } = await runToEnd('echo "$0"');

    const path = join(rig.folder, 'commands', commandId, '_script.sh');
    expect(linesOf(invocation.StandardOutputContent)).toEqual([path]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  },
  async workingDirectory() {
    const { invocation } = await runToEnd('pwd');

    expect(linesOf(invocation.StandardOutputContent)).toEqual(['/usr/bin']);
  },
  async umask() {
    const { invocation } = await runToEnd('umask');

    expect(linesOf(invocation.StandardOutputContent)).toEqual(['0022']);
  },
  async environment() {
    const { invocation } = await runToEnd('echo "${HOME-no home}"; echo "$AWS_SSM_REGION_NAME"');

    expect(linesOf(invocation.StandardOutputContent)).toEqual(['no home', 'us-east-1']);
  },
  async standardInput() {
    const { invocation } = await runToEnd('cat; echo read');

    expect(linesOf(invocation.StandardOutputContent)).toEqual(['read']);
  },
  async heldStreams() {
    const gate = join(rig.folder, 'gate');
    const client = await open(
      `(while [ ! -e ${gate} ]; do sleep 0.02; done; echo late) & touch ${gate}.ended`,
    );
    const commandId = await rig.runningIn(client);
    while (!isThere(`${gate}.ended`)) await sleep(10);
    await sleep(100);

    expect((await look(client, commandId)).Status).toBe('InProgress');
    writeFileSync(gate, '');
    await rig.ended;
    expect(await look(client, commandId)).toMatchObject({
      Status: 'Success',
      StandardOutputContent: 'late\n',
    });
  },
  async outputAtTheEnd() {
    const gate = join(rig.folder, 'gate');
    const client = await open(
      `echo early; touch ${gate}.printed; while [ ! -e ${gate} ]; do sleep 0.02; done`,
    );
    const commandId = await rig.runningIn(client);
    while (!isThere(`${gate}.printed`)) await sleep(10);

    expect((await look(client, commandId)).StandardOutputContent).toBe('');
    writeFileSync(gate, '');
    await rig.ended;
    expect((await look(client, commandId)).StandardOutputContent).toBe('early\n');
  },
  async outputCut() {
    const { invocation } = await runToEnd("yes 'é' | head -c 90000; exit 0");

    const text = invocation.StandardOutputContent ?? '';
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(24_002);
    expect(text).toMatch(/^é\né\n[\s\S]*--output truncated--$/);
    expect(text.length).toBeLessThan(17_000);
  },
  async returnedOutput() {
    const { invocation } = await runToEnd('yes o | head -c 23000; yes e | head -c 20000 >&2');

    expect(invocation.StandardOutputContent).toHaveLength(23_000);
    expect(invocation.StandardErrorContent).toHaveLength(8_000);
  },
  async failureText() {
    const { invocation } = await runToEnd('echo bad >&2; exit 7');

    expect(invocation.StandardErrorContent).toBe('bad\nfailed to run commands: exit status 7');
  },
  async exitCodes() {
    const { invocation } = await runToEnd('kill -KILL $$');

    expect(invocation).toMatchObject({ Status: 'TimedOut', ResponseCode: 137 });
    expect(invocation.StandardErrorContent).not.toContain('failed to run commands');
  },
  async timeout() {
    const { invocation } = await runToEnd('echo started; sleep 60', 1);

    expect(invocation).toMatchObject({
      Status: 'TimedOut',
      ResponseCode: 137,
      StandardOutputContent: 'started\n',
    });
    expect(['600', '5', '4', '0', '172801', 'soon'].map(timeoutSecondsOf)).toEqual([
      600, 5, 3_600, 3_600, 3_600, 3_600,
    ]);
  },
  async cancellation() {
    const client = await open('sleep 60');
    const commandId = await rig.runningIn(client);
    await client.send(new CancelCommandCommand({ CommandId: commandId }));
    await rig.ended;

    expect(await look(client, commandId)).toMatchObject({ Status: 'Cancelled', ResponseCode: 137 });
  },
  async deadWorker() {
    const client = await open('echo before; exec sleep 600');
    const commandId = await rig.runningIn(client);
    const records = openCommandRecords(join(rig.folder, 'commands'));
    const { stdout } = commandFiles(records.folder(commandId));
    while (!readOrEmpty(stdout).includes('before')) await sleep(10);
    const pid = records.read(commandId)?.runner?.pid ?? Number.NaN;
    process.kill(pid, 'SIGKILL');
    while ((records.read(commandId)?.runnerGoneAt ?? null) === null) await sleep(10);
    const goneAt = records.read(commandId)?.runnerGoneAt ?? 0;

    expect(settle(records, commandId, { now: goneAt + 59_000 }).end).toBeNull();
    expect(settle(records, commandId, { now: goneAt + 60_000 }).end?.status).toBe('Failed');
    expect(await look(client, commandId)).toMatchObject({ Status: 'Failed', StandardOutputContent: '' });
    // the script outlives its worker
    process.kill(-pid, 'SIGKILL');
  },
};

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

describe('the table of the SSM Agent', () => {
  test.each(Object.entries(rows))('Local mode behaves as the row %s of the table states', (_, row) => row());

  test('The page docs/local-mode.md shows the table', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/local-mode.md'), 'utf8');
    const table = Object.values(ssmAgent).map(({ behaviour, source }) => `| ${behaviour} | ${source} |`);

    expect(page.split('\n').filter((line) => line.startsWith('| '))).toEqual([
      '| The SSM Agent, and local mode | source |',
      '| --- | --- |',
      ...table,
    ]);
  });
});

describeWith([root], 'a file system with noexec', () => {
  test('A script on a file system with noexec fails with exit code 126, as with the SSM Agent', async () => {
    const commands = join(rig.folder, 'commands');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=0700,noexec,size=4m', 'tmpfs', commands]);
    try {
      const { invocation } = await runToEnd('echo started');
      await rig.closeAll();

      expect(invocation).toMatchObject({ Status: 'Failed', ResponseCode: 126, StandardOutputContent: '' });
      expect(invocation.StandardErrorContent).toMatch(/_script\.sh: Permission denied\nfailed to run/);
    } finally {
      execFileSync('umount', [commands]);
    }
  });
});
