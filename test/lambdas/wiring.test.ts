import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { agentLine } from '../../core/deployment/agent-line.ts';
import type { DeploymentState } from '../../core/deployment/deployment.ts';
import { makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { unseal } from '../../core/seal/unseal.ts';
import { type ScriptedService, scriptedService } from '../fakes/scripted-service.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { anExecution, rawRequest, source } from '../fixtures/factories.ts';
import { testKey, withoutSignature } from '../fixtures/signed-jobs.ts';
import { startTables, tableNames } from '../fixtures/world.ts';

const dist = join(import.meta.dirname, '../../dist/lambdas');

/** The built handler, as Lambda's runtime would load it. */
async function run(task: string, event: unknown): Promise<unknown> {
  const { handler } = await import(pathToFileURL(join(dist, task, 'index.mjs')).href);
  return handler(event);
}

/** The key that signs jobs, as in local mode. */
const keyFile = join(mkdtempSync(join(tmpdir(), 'certferry-wiring-')), 'job-key.json');

let tables: Awaited<ReturnType<typeof startTables>>;
let ssm: ScriptedService;
let sfn: ScriptedService;
let secrets: ScriptedService;
const written: string[] = [];

beforeAll(async () => {
  writeFileSync(keyFile, JSON.stringify(testKey.pair));
  tables = await startTables();
  ssm = await scriptedService({ version: '1.1', target: 'AmazonSSM' }, [
    'SendCommand',
    'GetCommandInvocation',
    'DescribeInstanceInformation',
  ]);
  sfn = await scriptedService({ version: '1.0', target: 'AWSStepFunctions' }, [
    'SendTaskSuccess',
    'DescribeExecution',
  ]);
  secrets = await scriptedService({ version: '1.1', target: 'secretsmanager' }, ['GetSecretValue']);
  const settings = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'unused',
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
    AWS_ENDPOINT_URL_SFN: sfn.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
    LOCKS_TABLE: tableNames.locks,
    REGISTRY_TABLE: tableNames.registry,
    DEPLOYMENTS_TABLE: tableNames.deployments,
    DOCUMENT_NAME: 'certferry-agent',
    DOCUMENT_VERSION: '1',
    JOB_SIGNING_KEY: keyFile,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
beforeEach(() => {
  for (const { requests } of [ssm, sfn, secrets]) requests.length = 0;
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await Promise.all([tables.close(), ssm.close(), sfn.close(), secrets.close()]);
});

const host = 'i-0123456789abcdef0';
const end = (commandId: string) =>
  run('command-status', { detail: { 'command-id': commandId, 'instance-id': host, status: 'Success' } });
const script = (service: ScriptedService, ...answers: ScriptedService['answers']) => {
  service.answers.splice(0, service.answers.length, ...answers);
};
const completed = () =>
  sfn.requests.map(({ taskToken, output }) => [taskToken, JSON.parse(String(output)).outcome]);

describe('the built Lambdas, wired by their environment', () => {
  test('The built Lambdas, wired by their environment, enroll a host, send it a version and record it, and keep its key to themselves', async () => {
    const names = ['api.example.com'];
    const {
      certPem: certificate,
      chainPem: chain,
      keyPem: privateKey,
      fingerprint,
    } = await aVersion({ names });
    script(secrets, { SecretString: JSON.stringify({ certificate, chain, privateKey }) });
    const [execution, request] = [anExecution(), rawRequest({ version: { fingerprint, source } })];
    const [key, next] = [await makeHostKey(), await makeHostKey()];
    const says = (known: object) =>
      JSON.stringify({
        ...agentLine({
          deploymentId: execution.name,
          targetId: request.target.id,
          outcome: 'applied',
          summary: 's',
        }),
        ...known,
      });
    const [enroll, deploy] = [randomUUID(), randomUUID()];
    const online = {
      InstanceInformationList: [{ InstanceId: request.target.host, PingStatus: 'Online' }],
    };

    const state = (await run('acquire-lock', { execution, request })) as DeploymentState;
    script(
      ssm,
      online,
      { Command: { CommandId: enroll } },
      { Status: 'InProgress', StatusDetails: 'InProgress' },
    );
    await run('push-bundle', { taskToken: 'token-1', deployment: state.deployment });
    const enrolled = says({ outcome: 'enrolled', hostKey: publicHostKey(key) });
    script(ssm, { Status: 'Success', StatusDetails: 'Success', StandardOutputContent: enrolled });
    await end(enroll);
    script(ssm, online, { Command: { CommandId: deploy } }, { Status: 'Pending', StatusDetails: 'Pending' });
    await run('push-bundle', { taskToken: 'token-2', deployment: state.deployment });
    const applied = says({ hostKey: publicHostKey(next) });
    script(ssm, { Status: 'Success', StatusDetails: 'Success', StandardOutputContent: applied });
    await end(deploy);
    const push = JSON.parse(String(sfn.requests.at(-1)?.output));
    const recorded = await run('record-outcome', {
      path: 'committed',
      execution,
      request,
      state: { ...state, push },
    });

    expect(completed()).toEqual([
      ['token-1', 'enrolled'],
      ['token-2', 'applied'],
    ]);
    expect(recorded).toMatchObject({ outcome: 'deployed', fingerprint, fence: 1 });

    const jobs = ssm.requests.flatMap(
      ({ Parameters }) => (Parameters as { Job: string[] } | undefined)?.Job ?? [],
    );
    const { body } = await unseal(withoutSignature(jobs[1] ?? ''), key);
    expect(body.bundle.key).toBe(privateKey);
    const secret = new RegExp(secretLines(privateKey).join('|'));
    expect(body.bundle.key).toMatch(secret);
    expect(await everythingKept()).not.toMatch(secret);
    expect(written.join('')).not.toContain('token-');
  });

  test('The built Lambdas, wired by their environment, release the lock of an execution that broke off', async () => {
    const [execution, request] = [anExecution(), rawRequest()];
    await run('acquire-lock', { execution, request });
    script(sfn, { status: 'ABORTED' });
    const { id: executionArn, name } = execution;
    const detail = { executionArn, name, status: 'ABORTED', startDate: 0, input: JSON.stringify(request) };

    const said = await run('release-lock', { detail });

    expect(said).toEqual({ summary: 'recorded' });
  });

  test('The built Lambdas, wired by their environment, probe an endpoint', async () => {
    const request = rawRequest({ target: { verify: { endpoint: '127.0.0.1:1' } } });
    const { deployment } = (await run('acquire-lock', {
      execution: anExecution(),
      request,
    })) as DeploymentState;
    const version = { fingerprint: request.version.fingerprint, chain: [], keyAlgorithm: 'ec', notAfter: 1 };

    const result = await run('probe-endpoint', { deployment, version, attempt: 0 });

    expect(result).toMatchObject({ verdict: 'retry', waitSeconds: 1 });
  });
});

/** Everything in the tables, in the requests to SSM and Step Functions, and in the log. */
async function everythingKept(): Promise<string> {
  const items = [];
  for (const TableName of Object.values(tableNames)) {
    items.push((await tables.documents.send(new ScanCommand({ TableName }))).Items);
  }
  return JSON.stringify([items, ssm.requests, sfn.requests, written]);
}

/** The lines of a key's PEM that only this key has. */
function secretLines(pem: string): string[] {
  return pem
    .split('\n')
    .flatMap((line) => (line.length > 30 && !line.startsWith('-') ? [line.replaceAll('+', '\\+')] : []));
}
