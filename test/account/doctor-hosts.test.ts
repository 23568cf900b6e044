import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { hostProblems } from '../../account/doctor/hosts/host-problems.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { checkHost } from '../agent-scripts/checked-host.ts';
import { captured } from '../cli/capture.ts';
import { aTarget } from '../cli/finished.ts';
import type { FakeAws } from './aws.ts';
import { useAccount } from './use-account.ts';

const [good, old, offline] = ['i-0123456789abcdef0', 'i-0123456789abcdef1', 'i-0123456789abcdef2'];

let aws: FakeAws;
let documents: DynamoDBDocumentClient;

useAccount((account, client) => {
  [aws, documents] = [account, client];
});

const node = (InstanceId: string, PingStatus = 'Online') => ({
  InstanceId,
  PingStatus,
  AgentVersion: '3.3.2746.0',
  IPAddress: '10.0.0.7',
});

async function register(...hosts: string[]): Promise<void> {
  const catalogue = createCatalogue(documents, tableNames.registry);
  await catalogue.putCertificate({ name: 'api.example.com', strategy: {}, serviceEndpoints: [] }, 'cli');
  for (const [at, host] of hosts.entries()) {
    const target = RegisteredTarget.parse({ ...aTarget(), id: `web-${at}`, host });
    await catalogue.putTarget(target, 'cli');
  }
}

const healthy = checkHost().stdout;
const amazonLinux2 = checkHost({
  runtimeUrl: 's3://bucket/node.gz',
  programs: { getconf: 'echo glibc 2.26' },
  files: { 'etc/os-release': 'ID="amzn"\nVERSION_ID="2"\n' },
}).stdout;

const doctor = (...options: string[]) => captured('doctor', '--stack', 'Certferry', '--hosts', ...options);

describe('doctor --hosts', () => {
  test('Doctor prints a row for each host and the next step of each problem', async () => {
    aws.state.hosts = [node(good), node(old), node(offline, 'ConnectionLost')];
    aws.state.hostReports = { [good]: { output: healthy }, [old]: { output: amazonLinux2 } };
    await register(good, old, offline);

    const { code, out, err } = await doctor();

    expect(code).toBe(1);
    expect(out).toMatch(
      new RegExp(
        `^${good} +amzn 2023 +x86_64 +glibc 2.34 +4096 MiB +2000 MiB +no +- +instance-role +none$`,
        'm',
      ),
    );
    expect(out).toMatch(new RegExp(`^${old} +amzn 2 .* C library$`, 'm'));
    expect(out).toMatch(new RegExp(`^${offline} +not checked: offline$`, 'm'));
    expect(out).toMatch(
      /✖ hosts: C library +i-0123456789abcdef1: glibc 2.26 \(amzn 2\)\n +→ The runtime needs glibc 2.28 or later/,
    );
    expect(out).toMatch(/✔ hosts: disk +2 hosts/);
    expect(err).toContain('checked 2 of 2 hosts');
  });

  test('Doctor reports hosts without problems as JSON, one check for each kind of problem', async () => {
    aws.state.hostReports = { [good]: { output: healthy } };
    await register(good);

    const { hosts, checks } = JSON.parse((await doctor('--json')).out);

    expect(hosts).toMatchObject([
      { host: good, reason: null, problems: [], facts: { architecture: 'x86_64' } },
    ]);
    const names = checks
      .map(({ name }: { name: string }) => name)
      .filter((name: string) => name.startsWith('hosts: '));
    expect(names).toEqual([
      'hosts: reports',
      ...Object.keys(hostProblems).map((name) => `hosts: ${name}`),
      'hosts: one runtime',
    ]);
  });

  test('Doctor sends one command for fifty hosts, without parameters, and only to hosts that are online', async () => {
    const ids = Array.from({ length: 60 }, (_, at) => `i-0123456789abcde${String(at).padStart(2, '0')}`);
    aws.state.hosts = [...ids.map((id) => node(id)), node(offline, 'ConnectionLost')];
    aws.state.hostReports = Object.fromEntries(ids.map((id) => [id, { output: healthy }]));
    await register(...ids, offline);

    const { out } = await doctor();

    expect(aws.sentCommands.map(({ InstanceIds }) => InstanceIds.length)).toEqual([50, 10]);
    expect(aws.sentCommands[0]).toMatchObject({
      DocumentName: 'certferry-check-host',
      DocumentVersion: '$DEFAULT',
    });
    expect(aws.sentCommands[0]).not.toHaveProperty('Parameters');
    expect(out).toMatch(/✔ hosts: clock +60 hosts/);
  });

  test.each([
    ['whose command failed', { status: 'Failed', output: '' }, 'the command ended as Failed'],
    ['whose answer was cut', { output: healthy.slice(0, 200) }, 'its answer is incomplete'],
  ])('Doctor names a host %s, and still checks the others', async (_, report, reason) => {
    aws.state.hosts = [node(good), node(old)];
    aws.state.hostReports = { [good]: { output: healthy }, [old]: report };
    await register(good, old);

    const { out } = await doctor();

    expect(out).toMatch(new RegExp(`✖ hosts: reports +not checked: ${old} \\(${reason}\\)`));
    expect(out).toMatch(/✔ hosts: memory +1 host$/m);
  });

  test('Doctor reports two architectures that would fetch the same runtime', async () => {
    aws.state.hosts = [node(good), node(old)];
    const runtimeUrl = 's3://bucket/node.gz';
    aws.state.hostReports = {
      [good]: { output: checkHost({ runtimeUrl }).stdout },
      [old]: { output: checkHost({ runtimeUrl, programs: { uname: 'echo aarch64' } }).stdout },
    };
    await register(good, old);

    expect((await doctor()).out).toMatch(
      /✖ hosts: one runtime +x86_64: i-0123456789abcdef0; aarch64: i-0123456789abcdef1\n/,
    );
  });

  test('Doctor names the deployment of an older stack that has no document for the check', async () => {
    delete aws.state.outputs.CheckDocumentName;
    await register(good);

    expect((await doctor()).out).toMatch(
      /✖ hosts: reports +the stack has no document that checks hosts\n +→ Deploy the stack again/,
    );
  });

  test('Doctor sends no command without --hosts', async () => {
    await register(good);

    await captured('doctor', '--stack', 'Certferry');

    expect(aws.sentCommands).toEqual([]);
  });
});
