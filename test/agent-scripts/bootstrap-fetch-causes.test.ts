import { describe, expect, test } from 'vitest';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { hostKinds } from './bootstrap-host.ts';
import { expectCause } from './expect-cause.ts';
import { type LoopbackServer, serveAnswer, serveMetadata } from './loopback-servers.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host, started } = useBootstrapHost();

const s3 = { agentUrl: 's3://assets/agent.cjs' };

/** An error document of S3. It contains the session token, as real ones can. */
const s3Error = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><Token-0>se-cret</Token-0></Error>`;

/** The environment of a host with this S3 and metadata service. */
async function environment(objects: LoopbackServer | null, metadata = started(serveMetadata())) {
  const { port } = await metadata;
  return {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}`,
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${objects?.port ?? 9}`,
    AWS_SSM_REGION_NAME: 'eu-central-1',
  };
}

const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();

describeWith([program('curl')], 'an answer of S3', () => {
  test.each([
    [
      'AccessDenied',
      403,
      'Access Denied',
      'S3 denies access to the instance role fleet-role. Attach the host policy',
    ],
    [
      'AccessDenied',
      403,
      'not authorized, because no VPC endpoint policy allows the s3:GetObject action',
      'The policy of the VPC endpoint for S3 denies it',
    ],
    [
      'AccessDenied',
      403,
      'not authorized to perform: kms:Decrypt on the resource',
      'The bucket is encrypted with a key that the instance role fleet-role may not use',
    ],
    [
      'PermanentRedirect',
      301,
      'Use another endpoint',
      'The bucket is not in eu-central-1, the region of this host',
    ],
    [
      'AuthorizationHeaderMalformed',
      400,
      'The region is wrong',
      'The bucket is not in eu-central-1, the region of this host',
    ],
    ['NoSuchKey', 404, 'The key does not exist', 'The file does not exist any more'],
    [
      'InvalidAccessKeyId',
      403,
      'The key is unknown',
      'S3 does not accept the credentials of the instance role',
    ],
    ['ExpiredToken', 400, 'The token has expired', 'S3 does not accept the credentials of the instance role'],
  ])(
    'The error %s of S3 with status %i and the message "%s" names its cause',
    async (code, status, message, cause) => {
      const objects = await started(serveAnswer(status, s3Error(code, message)));

      const ended = await host.run(s3, await environment(objects));

      expectCause(ended, cause);
      expect(ended.stderr).not.toContain('se-cret');
    },
  );

  test.each([
    [403, '<!DOCTYPE html><title>Blocked</title>'],
    [200, '<html><title>Log in</title></html>'],
  ])('A web page with status %i instead of an answer of S3 names the proxy', async (status, body) => {
    const objects = await started(serveAnswer(status, body));

    expectCause(await host.run(s3, await environment(objects)), 'The answer is a web page');
  });

  test.each(hostKinds)('A wrong clock is named with the difference under $name', async (kind) => {
    const objects = await started(
      serveAnswer(403, s3Error('RequestTimeTooSkewed', 'too large'), { date: inAnHour }),
    );
    const PATH = kind.hasOnlyBusybox ? host.busyboxPath(['node', 'curl']) : process.env.PATH;

    const ended = await host.run(s3, { ...(await environment(objects)), PATH }, kind.shell);

    expectCause(ended, /The clock of this host is 3[56]\d\d seconds behind. Correct it/);
  });

  test('A denied request names the clock rather than the role if the clock is wrong', async () => {
    const objects = await started(serveAnswer(403, '', { date: new Date(0).toUTCString() }));

    const ended = await host.run(s3, await environment(objects));

    expectCause(ended, /The clock of this host is \d+ seconds ahead/);
  });

  test('An S3 endpoint that does not answer names the route and the endpoint of the VPC', async () => {
    const ended = await host.run(s3, await environment(null));

    expectCause(
      ended,
      'This host has no route to the server. In a VPC without internet, add a gateway endpoint',
    );
  });
});

describeWith([program('curl')], 'a role', () => {
  test('An instance without an instance profile is named', async () => {
    const ended = await host.run(s3, await environment(null, started(serveMetadata('none'))));

    expectCause(ended, 'no role: this instance has no instance profile. Attach one');
  });

  test('A role that the instance cannot assume is named with the code of the metadata service', async () => {
    const ended = await host.run(s3, await environment(null, started(serveMetadata('unusable'))));

    expectCause(ended, /no credentials of the instance role fleet-role \(AssumeRoleUnauthorizedAccess\)/);
  });

  test('A metadata service that does not answer is named with its address', async () => {
    const env = { ...(await environment(null)), AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' };

    const ended = await host.run(s3, env);

    expectCause(ended, 'no role: the metadata service http://127.0.0.1:9 does not answer');
  });

  test('A hybrid node whose SSM Agent shares no credentials is named with the setting', async () => {
    const env = { ...(await environment(null)), AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9' };

    const ended = await host.run(s3, { ...env, AWS_SSM_INSTANCE_ID: 'mi-0123456789abcdef0' });

    expectCause(ended, 'Set Profile.ShareCreds to true in amazon-ssm-agent.json');
  });
});

describe('programs that fetch from S3', () => {
  test.each(['7.29.0', '7.61.1', '7.76.1', '7.87.0'])(
    'curl %s cannot sign requests to S3, and the error names its version and the AWS CLI',
    async (version) => {
      // it still asks the metadata service
      const real = host.path(['node', 'curl']);
      const curl = `#!/bin/sh\n[ "$1" != --version ] || { echo "curl ${version} (x86_64)"; exit; }\nexec '${real}/curl' "$@"\n`;

      const ended = await host.run(s3, {
        ...(await environment(null)),
        PATH: host.path(['node'], { curl }),
      });

      expect(ended).toMatchObject({ status: 125, stdout: '' });
      expect(ended.stderr).toContain(
        `curl ${version} cannot sign requests to S3. Install the AWS CLI on this host, or curl 7.88 or later.`,
      );
    },
  );

  test('A host with neither curl nor the AWS CLI is asked to install one of them', async () => {
    const ended = await host.run(s3, { PATH: host.path(['node']) });

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toContain('neither curl nor the AWS CLI is installed');
  });

  // the texts are those of aws-cli 1 and 2
  test.each([
    ['fatal error: Unable to locate credentials', 'The AWS CLI found no role'],
    [
      'fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden',
      'S3 denies access to the instance role. Attach the host policy',
    ],
    [
      'fatal error: An error occurred (404) when calling the HeadObject operation: Key "agent.cjs" does not exist',
      'The file does not exist any more',
    ],
    [
      'fatal error: An error occurred (301) when calling the HeadObject operation: Moved Permanently',
      'The bucket is not in eu-central-1',
    ],
    [
      'fatal error: Could not connect to the endpoint URL: "https://assets.s3.eu-central-1.amazonaws.com/agent.cjs"',
      'This host has no route to the server',
    ],
    [
      'fatal error: Connect timeout on endpoint URL: "https://proxy-certificates.s3.amazonaws.com/407403404"',
      'This host has no route to the server',
    ],
    [
      'fatal error: Failed to connect to proxy URL: "http://10.0.0.1:3128"',
      'The proxy does not answer or refuses the request',
    ],
    [
      'fatal error: SSL validation failed for https://assets.s3.amazonaws.com/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1006)',
      'This host does not trust the certificate of the server',
    ],
    [
      'fatal error: SSL validation failed for https://assets.s3.amazonaws.com/ [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid (_ssl.c:1006)',
      'The clock of this host is wrong, or the certificate of the server has expired',
    ],
    ['download failed: [Errno 28] No space left on device', /The file system .* is full/],
  ])('An error of the AWS CLI names its cause: %s', async (text, cause) => {
    const aws = `#!/bin/sh\ncat >&2 <<'TEXT'\n${text}\nTEXT\nexit 1\n`;

    const ended = await host.run(s3, {
      PATH: host.path(['node'], { aws }),
      AWS_SSM_REGION_NAME: 'eu-central-1',
    });

    expectCause(ended, cause);
  });
});
