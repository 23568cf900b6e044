import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { partitionOf } from '../../core/partitions.ts';
import { anAuthority, aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { hostKinds } from './bootstrap-host.ts';
import { expectCause } from './expect-cause.ts';
import { role, serveMetadata, serveObjects, serveTls } from './loopback-servers.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host, started } = useBootstrapHost();

/** Credentials of the role in the file of the SSM Agent. */
const shared = { AccessKeyId: 'ASIASHARED', SecretAccessKey: 'sha+red/key', Token: 'shared+token==' };

/** Credentials that the host has for other programs: in variables, in the profile of root, and behind a proxy. */
function ambientCredentials(): NodeJS.ProcessEnv {
  const home = join(host.root, 'root');
  mkdirSync(join(home, '.aws'), { recursive: true });
  writeFileSync(
    join(home, '.aws/credentials'),
    '[default]\naws_access_key_id = AKIAROOT\naws_secret_access_key = root\n',
  );
  writeFileSync(
    join(home, '.aws/config'),
    '[default]\nregion = us-west-2\ncredential_process = /bin/false\n[profile other]\nrole_arn = arn:aws:iam::1:role/x\n',
  );
  return {
    HOME: home,
    AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT',
    AWS_SECRET_ACCESS_KEY: 'environment',
    AWS_PROFILE: 'other',
    AWS_EC2_METADATA_DISABLED: 'true',
    // nothing answers there, and there is no NO_PROXY
    http_proxy: 'http://127.0.0.1:9',
    HTTP_PROXY: 'http://127.0.0.1:9',
  };
}

/** What the SSM Agent records about its credentials, and the file that it names. */
function recordCredentials(profile: string): void {
  const file = join(host.ssmFolder, 'credentials');
  mkdirSync(join(host.ssmFolder, 'runtimeconfig'), { recursive: true });
  writeFileSync(
    join(host.ssmFolder, 'runtimeconfig/identity_config.json'),
    JSON.stringify({ IdentityType: 'EC2', ShareFile: file, ShareProfile: profile, CredentialSource: 'SSM' }),
  );
  writeFileSync(
    file,
    [
      '[before]\naws_access_key_id = AKIABEFORE\naws_secret_access_key = before',
      `[${profile || 'default'}]`,
      `aws_access_key_id     = ${shared.AccessKeyId}`,
      `aws_secret_access_key = ${shared.SecretAccessKey}`,
      `aws_session_token     = ${shared.Token}`,
      '[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = other\n',
    ].join('\n'),
  );
}

/** A curl that is too old to sign, so that the AWS CLI signs. It still asks the metadata service. */
function pathWithCli(): string {
  const folder = join(host.root, 'old curl');
  mkdirSync(folder);
  const curl = '#!/bin/sh\n[ "$1" != --version ] || { echo "curl 7.76.1 (x86_64)"; exit; }\n';
  writeFileSync(join(folder, 'curl'), `${curl}PATH=\${PATH#*:} exec curl "$@"\n`);
  chmodSync(join(folder, 'curl'), 0o755);
  return `${folder}:${process.env.PATH}`;
}

/** Runs the script with an agent in S3. The simulated S3 accepts only these credentials. */
async function fetched(credentials: typeof role, env: NodeJS.ProcessEnv, shell: readonly string[] = ['sh']) {
  const metadata = await started(serveMetadata());
  const objects = await started(
    serveObjects({ '/bucket/key.cjs': readFileSync(host.agent.path) }, credentials),
  );
  return await host.run(
    { agentUrl: 's3://bucket/key.cjs' },
    {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${metadata.port}`,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.2:${objects.port}`,
      AWS_SSM_REGION_NAME: 'eu-central-1',
      no_proxy: '127.0.0.2',
      ...env,
    },
    shell,
  );
}

const signers = [
  { signer: 'curl', needs: [program('curl')], env: () => ({}) },
  {
    signer: 'the AWS CLI',
    needs: [program('curl'), program('aws', 'awscli')],
    env: () => ({ PATH: pathWithCli() }),
  },
];

for (const { signer, needs, env } of signers) {
  describeWith(needs, `credentials for S3, signed by ${signer}`, () => {
    test('Bootstrap uses the instance role, whatever other credentials and proxies the host has', async () => {
      const ended = await fetched(role, { ...ambientCredentials(), ...env() });

      expect(ended).toMatchObject({ status: 0, stderr: '' });
    });

    test('Bootstrap uses the role of Default Host Management Configuration if the SSM Agent uses it', async () => {
      recordCredentials('');

      const ended = await fetched(shared, { ...ambientCredentials(), ...env() });

      expect(ended).toMatchObject({ status: 0, stderr: '' });
    });

    test('Bootstrap uses the profile of the SSM Agent on a hybrid node, not the default profile', async () => {
      recordCredentials('certferry-node');

      const ended = await fetched(shared, {
        ...ambientCredentials(),
        ...env(),
        AWS_SSM_INSTANCE_ID: 'mi-0123456789abcdef0',
        // a hybrid node has no metadata service
        AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9',
      });

      expect(ended).toMatchObject({ status: 0, stderr: '' });
    });
  });
}

describeWith([program('curl')], 'the file of the SSM Agent', () => {
  test.each(hostKinds)('Bootstrap reads the file of the SSM Agent under $name', async (kind) => {
    recordCredentials('');
    const env = kind.hasOnlyBusybox ? { PATH: host.busyboxPath(['node', 'curl']) } : {};

    expect(await fetched(shared, env, kind.shell)).toMatchObject({ status: 0, stderr: '' });
  });

  test('Neither the arguments nor the environment of curl contain the credentials, only its standard input', async () => {
    recordCredentials('');
    const seen = join(host.root, 'seen');
    const curl = `#!/bin/sh\n[ "$1" != --version ] || { echo "curl 8.5.0"; exit; }\n{ echo "$@"; env; } >>'${seen}'\nexec cat >'${seen}.input'\n`;

    await host.run(
      { agentUrl: 's3://assets/a.cjs' },
      { PATH: host.path(['node'], { curl }), AWS_SSM_REGION_NAME: 'eu-central-1' },
    );

    const [visible, input] = [readFileSync(seen, 'utf8'), readFileSync(`${seen}.input`, 'utf8')];
    for (const value of Object.values(shared))
      expect([visible.includes(value), input.includes(value)]).toEqual([false, true]);
  });

  test('A file of the SSM Agent without credentials is named', async () => {
    recordCredentials('');
    writeFileSync(join(host.ssmFolder, 'credentials'), '[other]\naws_access_key_id = AKIAOTHER\n');

    expectCause(
      await fetched(shared, {}),
      `no role: the SSM Agent has no credentials of the role of Default Host Management Configuration in ${host.ssmFolder}/credentials`,
    );
  });
});

describe('the address of a bucket', () => {
  /** A curl that signs nothing and prints its last argument, the address. */
  const curl =
    '#!/bin/sh\n[ "$1" != --version ] || { echo "curl 8.5.0 (x86_64)"; exit; }\nfor last; do :; done\necho "asked $last" >&2\nexit 7\n';

  test.each([
    'eu-central-1',
    'us-gov-west-1',
    'cn-north-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'us-isof-south-1',
    'eu-isoe-west-1',
    'eusc-de-east-1',
  ])('A bucket in %s is read at the domain of its partition', async (region) => {
    recordCredentials('');

    const { stderr } = await host.run(
      { agentUrl: 's3://assets/a/b.cjs' },
      { PATH: host.path(['node'], { curl }), AWS_SSM_REGION_NAME: region },
    );

    expect(stderr).toContain(`asked https://assets.s3.${region}.${partitionOf(region).dnsSuffix}/a/b.cjs\n`);
  });
});

describeWith([program('curl')], 'a bucket behind TLS inspection', () => {
  test.each(hostKinds)('Bootstrap trusts the authorities in AWS_CA_BUNDLE under $name', async (kind) => {
    recordCredentials('');
    // the path contains a space
    const trust = join(host.root, 'trust.pem');
    writeFileSync(trust, (await anAuthority()).rootPem);
    const { fullchainPem: cert, keyPem: key } = await aVersion({ names: ['localhost'] });
    const objects = await started(
      serveTls({ cert, key }, (_, response) => response.end(readFileSync(host.agent.path))),
    );

    const ended = await host.run(
      { agentUrl: 's3://bucket/key.cjs' },
      {
        ...(kind.hasOnlyBusybox ? { PATH: host.busyboxPath(['node', 'curl']) } : {}),
        AWS_ENDPOINT_URL_S3: `https://localhost:${objects.port}`,
        AWS_SSM_REGION_NAME: 'eu-central-1',
        AWS_CA_BUNDLE: trust,
      },
      kind.shell,
    );

    expect(ended).toMatchObject({ status: 0, stderr: '' });
  });
});
