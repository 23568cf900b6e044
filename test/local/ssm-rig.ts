import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetCommandInvocationCommand,
  type GetCommandInvocationResult,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach } from 'vitest';
import type { CommandRecord } from '../../local/ssm/command-records.ts';
import { type LocalDocument, readDocument } from '../../local/ssm/document.ts';
import { documentName, startSsm } from '../../local/ssm/start.ts';
import { scratch } from './scratch.ts';

/** Our document with another script in the place of bootstrap.sh. */
function documentRunning(folder: string, script: string): LocalDocument {
  const path = join(folder, 'document.json');
  writeFileSync(join(folder, 'agent/agent.cjs.sha256'), `${'0'.repeat(64)}\n`);
  writeFileSync(
    path,
    JSON.stringify({
      schemaVersion: '2.2',
      parameters: { Job: { type: 'String', allowedPattern: '^[A-Za-z0-9_.~-]+$', maxChars: 30_000 } },
      mainSteps: [
        {
          name: 'linux',
          inputs: {
            timeoutSeconds: '600',
            runCommand: [
              '#!/bin/sh',
              "HOME_OF_AGENT='${Home}'",
              "URL='${AgentUrl}'",
              "SUM='${AgentSha256}'",
              script,
            ],
          },
        },
      ],
    }),
  );
  return readDocument(path, join(folder, 'agent'));
}

/** SSM of local mode, with a folder for each test. The endpoints are closed after it. */
export function useSsm() {
  let folder: string;
  let ended: PromiseWithResolvers<CommandRecord>;
  const opened: (() => Promise<unknown>)[] = [];
  const closeAll = async () => {
    for (const close of opened.splice(0)) await close();
  };
  beforeEach(() => {
    folder = scratch();
    for (const name of ['commands', 'hosts', 'agent']) mkdirSync(join(folder, name));
    ended = Promise.withResolvers();
  });
  afterEach(closeAll);

  /** `timeoutSeconds` may be shorter than the SSM Agent allows. */
  async function open(script: string, timeoutSeconds = 600): Promise<SSMClient> {
    // its own: a command that a test does not wait for may end during the next one
    const ours = ended;
    const document = documentRunning(folder, script);
    const server = await startSsm({
      document: {
        ...document,
        scriptFor: (values) => ({ ...document.scriptFor(values), timeoutSeconds }),
      },
      jobKeys: 'a2V5cw',
      commands: join(folder, 'commands'),
      hosts: join(folder, 'hosts'),
      onEnd: ours.resolve,
      onFault: ours.reject,
    });
    opened.push(server.close);
    return new SSMClient({
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
  }

  async function send(client: SSMClient, job = 'a.b-c_1'): Promise<string> {
    const { Command } = await client.send(
      new SendCommandCommand({
        DocumentName: documentName,
        DocumentVersion: '$DEFAULT',
        InstanceIds: ['local'],
        Parameters: { Job: [job] },
      }),
    );
    return Command?.CommandId ?? '';
  }

  const look = (client: SSMClient, CommandId: string): Promise<GetCommandInvocationResult> =>
    client.send(new GetCommandInvocationCommand({ CommandId, InstanceId: 'local', PluginName: 'linux' }));

  return {
    get folder() {
      return folder;
    },
    get ended() {
      return ended.promise;
    },
    open,
    send,
    look,
    closeAll,
    /** A command that runs. */
    async runningIn(client: SSMClient): Promise<string> {
      const commandId = await send(client);
      while ((await look(client, commandId)).Status !== 'InProgress') await sleep(10);
      return commandId;
    },
    async runToEnd(script: string, timeoutSeconds?: number) {
      const client = await open(script, timeoutSeconds);
      const commandId = await send(client);
      const record = await ended.promise;
      return { client, record, commandId, invocation: await look(client, commandId) };
    },
  };
}
