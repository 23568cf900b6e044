import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelCommandCommand, ListCommandsCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { identify } from '../../local/base/process-identity.ts';
import { commandEnded } from '../../local/ssm/command-event.ts';
import { readDocument } from '../../local/ssm/document.ts';
import { ssmAgent } from '../../local/ssm/ssm-agent.ts';
import { documentName } from '../../local/ssm/start.ts';
import { useSsm } from './ssm-rig.ts';

const rig = useSsm();
const { open, send, look, runToEnd } = rig;

describe('a command', () => {
  test('A command runs the document with its placeholders filled in and the job in its environment', async () => {
    const { invocation, commandId } = await runToEnd(
      'echo "$HOME_OF_AGENT $URL $SUM $SSM_Job $SSM_COMMAND_ID"; exit 0',
    );

    expect(invocation).toMatchObject({ Status: 'Success', ResponseCode: 0, PluginName: 'linux' });
    expect(invocation.StandardOutputContent?.split('\n')).toEqual([
      `${rig.folder}/hosts/local file://${rig.folder}/agent/agent.cjs ${'0'.repeat(64)} a.b-c_1 ${commandId}`,
      '',
    ]);
  });

  test('A command has the environment of a service: nothing of AWS but the id of the host, and nothing of the one who deploys', async () => {
    process.env.AWS_PROFILE = 'somebody';
    const { invocation } = await runToEnd('env | cut -d= -f1 | sort | tr "\\n" " "');
    delete process.env.AWS_PROFILE;

    const names = new Set(invocation.StandardOutputContent?.trim().split(' '));
    for (const shellOwn of ['_', 'PWD', 'OLDPWD', 'SHLVL']) names.delete(shellOwn);
    expect([...names]).toEqual([...ssmAgent.environment.value].sort());
  });

  test('A command finds first the node that runs certferry', async () => {
    const { invocation } = await runToEnd('command -v node');

    expect(invocation.StandardOutputContent?.trim()).toBe(process.execPath);
  });

  test('A command is TimedOut, its whole process group killed, when it takes too long', async () => {
    const { invocation } = await runToEnd(`sleep 60 & echo $!; wait`, 1);

    expect(invocation).toMatchObject({ Status: 'TimedOut', StatusDetails: 'Execution Timed Out' });
    const child = Number(invocation.StandardOutputContent);
    while (identify(child).startedAt !== null) await sleep(10);
  });

  test('A command is cancelled on request', async () => {
    const client = await open('sleep 60');
    const commandId = await rig.runningIn(client);

    await client.send(new CancelCommandCommand({ CommandId: commandId }));
    await rig.ended;

    expect(await look(client, commandId)).toMatchObject({ Status: 'Cancelled', ResponseCode: 137 });
  });

  test('A command publishes its end in the shape of the EventBridge event, without its parameters', async () => {
    const { record, commandId } = await runToEnd('exit 3');

    expect(commandEnded(record)).toMatchObject({
      source: 'aws.ssm',
      'detail-type': 'EC2 Command Invocation Status-change Notification',
      detail: {
        'command-id': commandId,
        'document-name': documentName,
        'instance-id': 'local',
        status: 'Failed',
      },
    });
    expect(JSON.stringify(commandEnded(record))).not.toContain('a.b-c_1');
  });

  test('A command continues when the process that sent it is gone, and the next process notices its end', async () => {
    const gate = join(rig.folder, 'gate');
    const client = await open(`while [ ! -e ${gate} ]; do sleep 0.02; done; echo through`);
    const commandId = await rig.runningIn(client);
    await rig.closeAll();

    const later = await open('exit 1');
    const before = await look(later, commandId);
    writeFileSync(gate, '');
    while ((await look(later, commandId)).Status === 'InProgress') await sleep(10);

    expect(before.Status).toBe('InProgress');
    expect(await look(later, commandId)).toMatchObject({
      Status: 'Success',
      StandardOutputContent: 'through\n',
    });
    const { Commands } = await later.send(new ListCommandsCommand({ CommandId: commandId }));
    expect(Commands).toMatchObject([
      { Parameters: { Job: ['a.b-c_1'] }, Status: 'Success', InstanceIds: ['local'] },
    ]);
  });
});

describe('SendCommand', () => {
  test.each(['', 'a b', 'a;b', '$(id)', "a'b", 'a\nb'])('SendCommand refuses the job %j', async (job) => {
    await expect(send(await open('exit 0'), job)).rejects.toMatchObject({ name: 'InvalidParameters' });
  });

  test('SendCommand refuses a job longer than the document allows', async () => {
    await expect(send(await open('exit 0'), 'x'.repeat(30_001))).rejects.toMatchObject({
      name: 'InvalidParameters',
    });
    await expect(send(await open('exit 0'), 'x'.repeat(30_000))).resolves.toMatch(/^[0-9a-f-]{36}$/);
  });

  test('SendCommand knows no other document, and no invocation it did not make', async () => {
    const client = await open('exit 0');
    const other = new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: ['local'],
      Parameters: { Job: ['a'] },
    });

    await expect(client.send(other)).rejects.toMatchObject({ name: 'InvalidDocument' });
    for (const id of [crypto.randomUUID(), '../../token/../../../etc/passwd/.....']) {
      await expect(look(client, id)).rejects.toMatchObject({ name: 'InvocationDoesNotExist' });
    }
  });
});

describe('the built document', () => {
  test('The built document is filled in with this machine’s agent under its digest, and nothing else of it is touched', () => {
    const { text } = readDocument().scriptFor({
      home: join(rig.folder, 'hosts/local'),
      role: 'jobs',
      agent: 'agent',
      jobKeys: 'a2V5cw',
    });
    const agent = /^AGENT_URL='file:\/\/(.*)'$/m.exec(text)?.[1] ?? '';
    const digest = createHash('sha256').update(readFileSync(agent)).digest('hex');

    expect(text).toMatch(new RegExp(`^AGENT_SHA256='${digest}'$`, 'm'));
    expect(text).toMatch(/^RUNTIME_URL='host'$/m);
    expect(text).toContain(`CERTFERRY_HOME='${rig.folder}/hosts/local'`);
    expect(text).toContain(
      "CERTFERRY_ROLE='jobs'\nCERTFERRY_JOB_KEYS='a2V5cw'\nCERTFERRY_FENCE_STEP='100000'\n",
    );
    expect(text).not.toMatch(/='\$\{/);
    expect(text.split('\n')[0]).toBe('#!/bin/sh');
    expect(existsSync(agent)).toBe(true);
  });

  test('The built document refuses a folder whose name would end its assignment', () => {
    expect(() =>
      readDocument().scriptFor({ home: "/tmp/it's", role: 'jobs', agent: 'agent', jobKeys: '' }),
    ).toThrow('single quote');
  });
});
