import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CertificateSource } from '../../core/deployment/source.ts';
import { Certificate } from '../../core/registry/certificate.ts';
import { RolloutRequest } from '../../core/rollout/rollout.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { onGroup, onTags } from '../fakes/catalogue.ts';
import { type QueryService, queryService } from '../fakes/query-service.ts';
import { refusal, type ScriptedService, scriptedService } from '../fakes/scripted-service.ts';
import { startTables, tableNames } from '../fixtures/world.ts';
import { fixture } from '../triggers/scope.ts';

const rolloutArn = 'arn:aws:states:eu-west-1:123456789012:stateMachine:certferry-rollout';

let tables: Awaited<ReturnType<typeof startTables>>;
let sfn: ScriptedService;
let ec2: QueryService;

/** The built handler, as Lambda's runtime would load it. */
async function announce(name: string): Promise<unknown> {
  const { handler } = await import(
    pathToFileURL(join(import.meta.dirname, '../../dist/lambdas/start-rollouts/index.mjs')).href
  );
  return handler(fixture(name));
}

beforeAll(async () => {
  tables = await startTables();
  sfn = await scriptedService({ version: '1.0', target: 'AWSStepFunctions' }, ['StartExecution']);
  ec2 = await queryService(() => runningInstance);
  const settings = {
    AWS_ENDPOINT_URL_EC2: ec2.endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'unused',
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    AWS_ENDPOINT_URL_SFN: sfn.endpoint,
    REGISTRY_TABLE: tableNames.registry,
    ROLLOUT_ARN: rolloutArn,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const catalogue = createCatalogue(tables.documents, tableNames.registry);
  for (const [name, source] of Object.entries(registered)) {
    await catalogue.putCertificate(Certificate.parse({ name, source }), 'cli');
  }
  await catalogue.putTarget(onGroup('web', 'web', { certificate: 'secret.example.com' }), 'cli');
  await catalogue.putTarget(onTags('tagged', { role: 'web' }, { certificate: 'object.example.com' }), 'cli');
});
beforeEach(() => {
  sfn.requests.length = 0;
  sfn.answers.splice(0, sfn.answers.length, { executionArn: 'arn', startDate: 0 });
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await Promise.all([tables.close(), sfn.close(), ec2.close()]);
});

/** What EC2 returns for the instance of the fixtures. */
const runningInstance = `<reservationSet><item><instancesSet><item><instanceId>i-0123456789abcdef0</instanceId>
  <instanceState><code>16</code><name>running</name></instanceState>
  <launchTime>2026-07-01T10:00:00.000Z</launchTime><tagSet>
  <item><key>certferry</key><value>true</value></item><item><key>role</key><value>web</value></item>
  </tagSet></item></instancesSet></item></reservationSet>`;

/** The places that the fixtures speak of, the secret by its name and not by the ARN that events have. */
const registered: Readonly<Record<string, CertificateSource>> = {
  'acm.example.com': {
    kind: 'acm',
    certificateArn: String((fixture('acm-renewal').resources as string[])[0]),
  },
  'secret.example.com': { kind: 'secretsmanager', secretId: 'certferry/api' },
  'object.example.com': { kind: 's3', bucket: 'example-certificates', key: 'live/api.example.com.pem' },
  'parameter.example.com': { kind: 'parameter', name: '/certificates/api.example.com' },
};

describe('the built announce, on the registry’s own table', () => {
  test.each([
    ['acm-renewal', 'acm.example.com'],
    ['secret-label-updated', 'secret.example.com'],
    ['trail-put-secret-value', 'secret.example.com'],
    ['trail-rotation-succeeded', 'secret.example.com'],
    ['s3-object-created', 'object.example.com'],
    ['parameter-update', 'parameter.example.com'],
    ['instance-launch-successful', 'secret.example.com'],
    ['instance-running', 'object.example.com'],
    ['instance-tagged', 'object.example.com'],
  ])(
    'The built start-rollouts function starts the rollout that %s is about, and Step Functions is given its input',
    async (name, certificate) => {
      await announce(name);

      const [request] = sfn.requests;
      expect(sfn.requests).toHaveLength(1);
      expect(request?.stateMachineArn).toBe(rolloutArn);
      const input = JSON.parse(String(request?.input));
      expect(input.certificate).toBe(certificate);
      expect(RolloutRequest.parse(input)).toEqual(input);
    },
  );

  test('The built start-rollouts function starts nothing for an object that no certificate comes from', async () => {
    await expect(announce('s3-object-created-other-prefix')).resolves.toMatchObject({
      summary: expect.stringMatching(/^nothing to do: no registered certificate has this source/),
    });
    expect(sfn.requests).toEqual([]);
  });

  test('The built start-rollouts function takes an execution that exists already for what it is', async () => {
    sfn.answers.splice(0, 1, refusal('ExecutionAlreadyExists'));

    await expect(announce('parameter-update')).resolves.toMatchObject({
      summary: expect.stringContaining('already started'),
    });
  });

  test('The built start-rollouts function refuses an event of another kind with an explanation, so that it reaches the dead-letter queue', async () => {
    await expect(announce('instance-terminate-successful')).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});
