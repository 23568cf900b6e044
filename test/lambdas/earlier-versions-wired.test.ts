import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { Certificate } from '../../core/registry/certificate.ts';
import { makeHostKey, publicHostKey } from '../../core/seal/host-key.ts';
import { unsealStoreJob } from '../../core/seal/unseal.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { bundleOf } from '../agent-scripts/run-agent.ts';
import { type ScriptedService, scriptedService } from '../fakes/scripted-service.ts';
import { secretSource, startVersionedSources, type VersionedSources } from '../fakes/versioned-sources.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { heldDeployment } from '../fixtures/factories.ts';
import { testKey, withoutSignature } from '../fixtures/signed-jobs.ts';
import { aWorld, startTables, type Tables, tableNames } from '../fixtures/world.ts';

const dist = join(import.meta.dirname, '../../dist/lambdas');
const keys = mkdtempSync(join(tmpdir(), 'certferry-wiring-'));

let tables: Tables;
let ssm: ScriptedService;
let sources: VersionedSources;

beforeAll(async () => {
  const [signingKey, dataKey] = [join(keys, 'job-key.json'), join(keys, 'data-key.json')];
  writeFileSync(signingKey, JSON.stringify(testKey.pair));
  writeFileSync(dataKey, JSON.stringify({ kty: 'oct', k: randomBytes(32).toString('base64url') }));
  const operations = ['SendCommand', 'GetCommandInvocation', 'DescribeInstanceInformation'];
  [tables, ssm, sources] = await Promise.all([
    startTables(),
    scriptedService({ version: '1.1', target: 'AmazonSSM' }, operations),
    startVersionedSources(),
  ]);
  const settings = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'unused',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: sources.secretsEndpoint,
    LOCKS_TABLE: tableNames.locks,
    REGISTRY_TABLE: tableNames.registry,
    DEPLOYMENTS_TABLE: tableNames.deployments,
    DOCUMENT_NAME: 'certferry-agent',
    STORE_DOCUMENT_NAME: 'certferry-store-agent',
    DOCUMENT_VERSION: '1',
    JOB_SIGNING_KEY: signingKey,
    DATA_KEY: dataKey,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([tables.close(), ssm.close(), sources.close()]);
  rmSync(keys, { recursive: true, force: true });
});

/** Runs the built handler. Returns the text of the job that it has sent. */
async function sentBy(task: string, event: { deployment: Deployment; taskToken: string }): Promise<string> {
  const { host } = event.deployment.target;
  const online = { InstanceInformationList: [{ InstanceId: host, PingStatus: 'Online' }] };
  const started = { Command: { CommandId: `command-of-${task}` } };
  ssm.requests.length = 0;
  const pending = { Status: 'Pending', StatusDetails: 'Pending' };
  const answers = task === 'push-bundle' ? [online, started, pending] : [started, pending];
  ssm.answers.splice(0, ssm.answers.length, ...answers);
  const { handler } = await import(pathToFileURL(join(dist, task, 'index.mjs')).href);
  await handler(event);
  const [job = ''] = ssm.requests.flatMap(
    ({ Parameters }) => (Parameters as { Job: string[] } | undefined)?.Job ?? [],
  );
  return withoutSignature(job);
}

test('The built PushBundle loads its search and sends the previous version, and the built RollBack sends the copy', async () => {
  const world = aWorld(tables.documents);
  world.clock.set(new Date().toISOString());
  const [first, second] = [bundleOf(await aVersion()), bundleOf(await aVersion())];
  sources.put(secretSource, first);
  const source = sources.put(secretSource, second);
  const certificate = 'www.example.test';
  await createCatalogue(tables.documents, tableNames.registry).putCertificate(
    Certificate.parse({ name: certificate, source: secretSource }),
    'cli',
  );
  const certificateArn =
    'arn:aws:acm:us-east-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';
  const deployment = await heldDeployment(world, {
    target: { kind: 'acm', certificate, config: { certificateArn }, verify: 'none' },
    version: { fingerprint: factsOfPem(second.leaf)?.fingerprint, source },
  });
  const key = await makeHostKey();
  await world.hostKeys.save(deployment.target.host, publicHostKey(key), '2026-11-22T10:00:00.000Z');

  const deploy = await unsealStoreJob(await sentBy('push-bundle', { taskToken: 't1', deployment }), key);
  const undo = await unsealStoreJob(await sentBy('roll-back', { taskToken: 't2', deployment }), key);

  expect(deploy.body).toMatchObject({ bundle: second, previous: [first] });
  expect(undo.header.action).toBe('undo');
  expect(undo.body.previous).toEqual([first, second]);
});
