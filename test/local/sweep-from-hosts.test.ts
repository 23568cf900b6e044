// The sweep as it was built, in an account's place: SSM runs the stack's document and agent on this machine, DynamoDB speaks
// its protocol, Step Functions is a script that only takes StartExecution.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import type { Verify } from '../../core/targets/verify.ts';
import { inspectEndpoint } from '../../core/tls-probe/inspect-endpoint.ts';
import { dist } from '../../local/base/artefacts.ts';
import type { JsonEndpoint } from '../../local/http/json-endpoint.ts';
import { commandEnded } from '../../local/ssm/command-event.ts';
import type { CommandRecord } from '../../local/ssm/command-records.ts';
import { readDocument } from '../../local/ssm/document.ts';
import { documentName, probeDocumentName, startSsm } from '../../local/ssm/start.ts';
import { testHost } from '../agent-scripts/run-agent.ts';
import { type ScriptedService, scriptedService } from '../fakes/scripted-service.ts';
import { aVersion, type IssuedCertificate } from '../fixtures/certificates.ts';
import { aSweptCertificate } from '../fixtures/sweep.ts';
import { startTables, tableNames } from '../fixtures/world.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { commandsOf, rolloutTo, useFleets } from './fleet.ts';
import { filesUnder, needlesOf } from './needles.ts';
import { scratch } from './scratch.ts';
import { aServedTarget, type ServedTarget } from './served-target.ts';

const host = 'local-mail';
const patient = { timeout: 600_000 };

let folder: string;
let tables: Awaited<ReturnType<typeof startTables>>;
let ssm: JsonEndpoint;
let sfn: ScriptedService;
let server: ServedTarget;
const ended: CommandRecord[] = [];
const printed: string[] = [];

beforeAll(async () => {
  folder = scratch();
  for (const name of ['commands', 'hosts']) mkdirSync(join(folder, name));
  tables = await startTables();
  server = await aServedTarget();
  sfn = await scriptedService({ version: '1.0', target: 'AWSStepFunctions' }, ['StartExecution']);
  sfn.answers.push({ executionArn: 'arn', startDate: 1 });
  ssm = await startSsm({
    document: readDocument(),
    jobKeys: '',
    commands: join(folder, 'commands'),
    hosts: join(folder, 'hosts'),
    onEnd: (record) => void ended.push(record),
    onFault: (error) => expect.unreachable(String(error)),
  });
  const settings = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'unused',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
    AWS_ENDPOINT_URL_SFN: sfn.endpoint,
    LOCKS_TABLE: tableNames.locks,
    REGISTRY_TABLE: tableNames.registry,
    ROLLOUT_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:certferry-rollout',
    DOCUMENT_NAME: documentName,
    PROBE_DOCUMENT_NAME: probeDocumentName,
    DOCUMENT_VERSION: '$DEFAULT',
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await Promise.all([tables.close(), ssm.close(), sfn.close(), server.close()]);
});

async function run(task: string, event: unknown) {
  const { handler } = await import(pathToFileURL(join(dist, 'lambdas', task, 'index.mjs')).href);
  return handler(event);
}

/** Somebody writes other files and has the daemon read them; returns when it has. */
async function swap({ certPath, keyPath, target }: ServedTarget, version: IssuedCertificate) {
  writeFileSync(certPath, version.fullchainPem);
  writeFileSync(keyPath, version.keyPem);
  const { config } = target();
  const [, signal = '', pid = ''] = 'reloadCommand' in config ? (config.reloadCommand as string[]) : [];
  process.kill(Number(pid), signal.replace('-', 'SIG') as NodeJS.Signals);
  const question = { ...(target().verify as Verify), version: null };
  const served = async () => (await inspectEndpoint(question, new Date()))[0]?.served?.fingerprint;
  while ((await served()) !== version.fingerprint) await sleep(20);
}

describeWith(
  [program('flock', 'util-linux')],
  'a sweep in an account of a target that only its host can probe',
  () => {
    test(
      'A sweep in an account reports, from the probes of the host, that a target is ok, that its leaf was replaced, and that it was healed',
      patient,
      async () => {
        const own = aSweptCertificate(tables.documents);
        const agent = testHost(join(folder, 'hosts', host));
        const [current, strange] = [await aVersion(), await aVersion()];
        const target = server.target({
          id: `mail-${own.certificate.slice(0, 8)}`,
          verify: { probeFrom: 'host' },
        });
        await agent.send('deploy', { target, version: current });
        const { kind, config, verify } = target;
        const id = await own.registered('mail', 0, { host, kind, config, verify });
        await own.installed(id, current, { host });
        await own.isCurrent(current);
        const sweep = async () => (await run('sweep', { certificate: own.certificate })).targets;

        const before = await sweep();
        await swap(server, strange);
        const swapped = await sweep();
        const asked = sfn.requests.length;
        await agent.send('deploy', { target, version: current });
        const healed = await sweep();

        expect(before).toMatchObject([{ targetId: id, host, condition: 'ok', daysToExpiry: 89 }]);
        expect(swapped).toMatchObject([{ condition: 'drift', healing: true, daysToExpiry: 89 }]);
        expect(asked).toBe(1);
        expect(JSON.parse(String(sfn.requests[0]?.input)).only).toEqual({ targets: [id], hosts: [host] });
        expect(healed).toMatchObject([{ condition: 'ok', healing: false }]);
        expect(ended.map(({ end }) => end?.status)).toEqual(['Success', 'Success', 'Success']);

        for (const record of ended) {
          expect((await run('command-status', commandEnded(record))).summary).toMatch(/is unknown$/);
        }
        // what the second deployment replaced lies where it always does
        const files = filesUnder(folder).filter((path) => !path.includes('/backups/'));
        const places = [...files.map((path) => readFileSync(path)), Buffer.from(printed.join(''))];
        const needles = [current, strange].flatMap(({ keyPem }) => needlesOf(keyPem));
        expect(places.some((bytes) => needles.some((needle) => bytes.includes(needle)))).toBe(false);
      },
    );
  },
);

const aFleet = useFleets();

describe('a sweep on this machine', () => {
  test(
    'A sweep on this machine probes by itself what only the host can probe, because it is the host',
    patient,
    async () => {
      const fleet = await aFleet(1);
      const [backend, version] = [await fleet.open(), await aVersion()];
      const targets = fleet.targets.map((target) =>
        RegisteredTarget.parse({ ...target, verify: { ...(target.verify as object), probeFrom: 'host' } }),
      );
      await backend.rollout(rolloutTo(version, { targets }));
      const before = commandsOf(fleet.stateDir);

      const ok = await backend.sweep();
      const [first] = fleet.servers;
      if (first !== undefined) await swap(first, await aVersion());
      const drifted = await backend.sweep();

      expect(ok.targets).toMatchObject([{ targetId: 'web-1', condition: 'ok' }]);
      expect(drifted.targets).toMatchObject([{ targetId: 'web-1', condition: 'drift' }]);
      expect(commandsOf(fleet.stateDir)).toEqual(before);
    },
  );
});
