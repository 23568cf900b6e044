// Hosts without IPv4, and SSM Agents in a container. The routes, the folder of Bottlerocket and S3 are simulated. No test reaches a
// real dual-stack endpoint.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { hostKinds } from './bootstrap-host.ts';
import { expectCause } from './expect-cause.ts';
import { serveMetadata, serveObjects } from './loopback-servers.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host } = useBootstrapHost();

const ipv4Header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const ipv4Default = 'ens5\t00000000\t0101000A\t0003\t0\t0\t512\t00000000\t0\t0\t0\n';
const ipv4Link = 'ens5\t0101000A\t00000000\t0005\t0\t0\t512\tFFFFFFFF\t0\t0\t0\n';
const zeros = '0'.repeat(32);
const ipv6Route = (device: string) =>
  `${zeros} 00 ${zeros} 00 fe800000000000000000000000000001 00000200 00000001 00000000 00000003     ${device}\n`;

/** The routes of the host: /proc/net/route and /proc/net/ipv6_route. */
function withRoutes(ipv4: string, ipv6: string): void {
  mkdirSync(host.networkFolder);
  writeFileSync(join(host.networkFolder, 'route'), ipv4Header + ipv4);
  writeFileSync(join(host.networkFolder, 'ipv6_route'), ipv6);
}

/** The addresses from which the script fetches the agent from S3. A stand-in for curl or the AWS CLI returns the agent. */
async function fetchedFrom(env: NodeJS.ProcessEnv = {}, shell = ['sh']): Promise<string> {
  const log = join(host.root, 'fetched');
  const credentials = join(host.root, 'shared');
  writeFileSync(credentials, '[default]\naws_access_key_id = A\naws_secret_access_key = S\n');
  mkdirSync(join(host.ssmFolder, 'runtimeconfig'), { recursive: true });
  writeFileSync(
    join(host.ssmFolder, 'runtimeconfig/identity_config.json'),
    JSON.stringify({ ShareFile: credentials, ShareProfile: '' }),
  );
  const curl = `#!/bin/sh
[ "$1" != --version ] || { echo 'curl 8.5.0 (x86_64)'; exit; }
cat >/dev/null
while [ $# -gt 1 ]; do [ "$1" != -o ] || cp '${host.agent.path}' "$2"; shift; done
printf '%s' "$1" >'${log}'
printf 200
`;
  const programs = shell.slice(0, 1).filter((program) => program !== 'sh');
  const ended = await host.run(
    { agentUrl: 's3://bucket/key.cjs' },
    { AWS_SSM_REGION_NAME: 'eu-west-1', ...env, PATH: host.path(['node', ...programs], { curl }) },
    shell,
  );
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return readFileSync(log, 'utf8');
}

describe('the endpoint of S3', () => {
  test.each([
    ['IPv4', ipv4Default + ipv4Link, ipv6Route('lo'), 's3.eu-west-1.amazonaws.com'],
    ['both families', ipv4Default, ipv6Route('ens5'), 's3.eu-west-1.amazonaws.com'],
    ['IPv6 only', ipv4Link, ipv6Route('ens5') + ipv6Route('lo'), 's3.dualstack.eu-west-1.amazonaws.com'],
    ['no default route', ipv4Link, ipv6Route('lo'), 's3.eu-west-1.amazonaws.com'],
  ])('Bootstrap fetches from the matching endpoint on a host with %s', async (_, ipv4, ipv6, endpoint) => {
    withRoutes(ipv4, ipv6);

    expect(await fetchedFrom()).toBe(`https://bucket.${endpoint}/key.cjs`);
  });

  test.each([
    [{ AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 's3.dualstack.eu-west-1.amazonaws.com'],
    [{ AWS_USE_FIPS_ENDPOINT: 'true' }, 's3-fips.eu-west-1.amazonaws.com'],
    [
      { AWS_USE_DUALSTACK_ENDPOINT: 'true', AWS_USE_FIPS_ENDPOINT: 'true' },
      's3-fips.dualstack.eu-west-1.amazonaws.com',
    ],
  ])('Bootstrap obeys the variables of the AWS SDKs: %j', async (env, endpoint) => {
    withRoutes(ipv4Default, '');

    expect(await fetchedFrom(env)).toBe(`https://bucket.${endpoint}/key.cjs`);
  });

  test('The variable of the AWS SDKs counts more than the routes of the host', async () => {
    withRoutes('', ipv6Route('ens5'));

    expect(await fetchedFrom({ AWS_USE_DUALSTACK_ENDPOINT: 'false' })).toContain('bucket.s3.eu-west-1');
  });

  test.each(hostKinds.filter(({ hasOnlyBusybox }) => !hasOnlyBusybox))(
    'Bootstrap recognizes a host without IPv4 under $name',
    async ({ shell }) => {
      withRoutes('', ipv6Route('ens5'));

      expect(await fetchedFrom({}, [...shell])).toContain('s3.dualstack.');
    },
  );
});

describeWith([program('curl')], 'the metadata service', () => {
  test('Bootstrap asks the IPv6 address of the metadata service if the IPv4 address does not answer', async () => {
    const metadata = await serveMetadata('usable', '::1');
    const objects = await serveObjects({ '/bucket/key.cjs': readFileSync(host.agent.path) });

    const ended = await host.run(
      { agentUrl: 's3://bucket/key.cjs' },
      {
        AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:9 http://[::1]:${metadata.port}`,
        AWS_ENDPOINT_URL_S3: `http://127.0.0.2:${objects.port}`,
        AWS_SSM_REGION_NAME: 'eu-central-1',
      },
    );
    await Promise.all([metadata.close(), objects.close()]);

    expect(ended).toMatchObject({ status: 0, stderr: '' });
  });

  test('The error names both addresses of the metadata service if none answers', async () => {
    const ended = await host.run(
      { agentUrl: 's3://bucket/key.cjs' },
      {
        AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9 http://[::1]:9',
        AWS_SSM_REGION_NAME: 'eu-central-1',
      },
    );

    expectCause(
      ended,
      /no role: the metadata service http:\/\/127\.0\.0\.1:9 http:\/\/\[::1\]:9 does not answer \(curl: .*; curl: /,
    );
  });
});

describe('an SSM Agent in a container', () => {
  test.each(hostKinds)(
    'Bootstrap refuses Bottlerocket before it writes anything under $name',
    async (kind) => {
      mkdirSync(host.bottlerocketFolder);
      const env = kind.hasOnlyBusybox ? { PATH: host.busyboxPath(['node']) } : {};

      expectCause(
        await host.run({}, env, kind.shell),
        'this host runs Bottlerocket: its SSM Agent runs in a container',
      );
      expect(existsSync(host.home)).toBe(false);
    },
  );

  test('Bootstrap refuses a container of ECS before it writes anything', async () => {
    const ended = await host.run({}, { ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/id' });

    expectCause(ended, 'this SSM Agent runs in a container of ECS');
    expect(existsSync(host.home)).toBe(false);
  });
});
