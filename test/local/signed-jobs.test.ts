import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAgentLine } from '../../core/deployment/agent-line.ts';
import type { JobAction } from '../../core/deployment/job.ts';
import { openJobText } from '../../core/seal/job-text.ts';
import { type LocalJobKey, openJobKey } from '../../local/base/job-key.ts';
import type { JsonEndpoint } from '../../local/http/json-endpoint.ts';
import type { CommandRecord } from '../../local/ssm/command-records.ts';
import { readDocument } from '../../local/ssm/document.ts';
import { documentName, probeDocumentName, startSsm } from '../../local/ssm/start.ts';
import { createKeyFileSigner } from '../../services/signing/key-file-signer.ts';
import { aHeader } from '../core/seal/jobs.ts';
import { signedOpenJob } from '../fixtures/signed-jobs.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { scratch } from './scratch.ts';

let folder: string;
let key: LocalJobKey;
let ssm: JsonEndpoint;
let client: SSMClient;
let ended: PromiseWithResolvers<CommandRecord>;

beforeAll(async () => {
  folder = scratch();
  for (const name of ['commands', 'hosts']) mkdirSync(join(folder, name));
  key = openJobKey(join(folder, 'job-key.json'));
  ssm = await startSsm({
    document: readDocument(),
    jobKeys: key.publicKeys,
    commands: join(folder, 'commands'),
    hosts: join(folder, 'hosts'),
    onEnd: (record) => ended.resolve(record),
    onFault: (error) => ended.reject(error),
  });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  client = new SSMClient({ endpoint: ssm.endpoint, region: 'us-east-1', credentials });
});
afterAll(async () => {
  client.destroy();
  await ssm.close();
});

/** Runs the job on a host of this machine with the script of the document. */
async function send(job: string, { host = 'local-a', document = documentName } = {}) {
  ended = Promise.withResolvers();
  const Parameters = { Job: [job] };
  await client.send(new SendCommandCommand({ DocumentName: document, InstanceIds: [host], Parameters }));
  const { commandId } = await ended.promise;
  const found = await client.send(
    new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: host, PluginName: 'linux' }),
  );
  return { line: readAgentLine(found.StandardOutputContent ?? ''), errors: found.StandardErrorContent ?? '' };
}

const jobOf = (action: JobAction) => ({
  header: { ...aHeader({ action }), expiresAt: 9_999_999_999 },
  probe: null,
});
const signedFor = (host: string, action: JobAction) =>
  signedOpenJob(jobOf(action), { host, signer: createKeyFileSigner(key.path) });

describeWith([program('flock', 'util-linux')], 'a command of local mode', () => {
  test('A command of local mode is performed once, on its host, if the key of the state folder has signed its job', async () => {
    const job = await signedFor('local-a', 'enroll');

    expect((await send(job)).line).toMatchObject({ outcome: 'enrolled' });
    expect((await send(job)).line).toMatchObject({ outcome: 'rejected', reason: 'JobReplayed' });
    const elsewhere = await send(await signedFor('local-a', 'enroll'), { host: 'local-b' });
    expect(elsewhere.line).toMatchObject({ outcome: 'rejected', reason: 'JobUnsigned' });
  });

  test('A command of local mode is refused without a signature, and with that of another state folder', async () => {
    const other = openJobKey(join(folder, 'other-key.json'));
    const signer = createKeyFileSigner(other.path);

    for (const job of [
      openJobText(jobOf('undo')),
      await signedOpenJob(jobOf('undo'), { host: 'local-a', signer }),
    ]) {
      expect((await send(job)).line).toMatchObject({ outcome: 'rejected', reason: 'JobUnsigned' });
    }
  });

  test('A command with the document that can only probe performs no other job, however it is signed', async () => {
    const { line, errors } = await send(await signedFor('local-c', 'enroll'), {
      host: 'local-c',
      document: probeDocumentName,
    });

    expect(line).toBeNull();
    expect(errors).toContain('The job cannot be read');
  });
});

describe('the key of a state folder', () => {
  test('The key of a state folder is kept, readable by its owner only, and its public half contains no private part', () => {
    const again = openJobKey(key.path);
    const { d } = JSON.parse(readFileSync(key.path, 'utf8'));

    expect(again).toEqual(key);
    expect(statSync(key.path).mode & 0o777).toBe(0o600);
    expect(Buffer.from(key.publicKeys, 'base64url').toString()).not.toContain(d);
  });
});
