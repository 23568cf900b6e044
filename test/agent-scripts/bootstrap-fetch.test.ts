import { readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anAuthority, aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { type ScriptResult, shells } from './bootstrap-host.ts';
import { serveMetadata, serveObjects, serveTls } from './loopback-servers.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host, started } = useBootstrapHost();

describe('an https location', () => {
  /** A server with `listener`, and a host that trusts it and has only this program to fetch with. */
  async function served(client: 'curl' | 'wget', listener: RequestListener) {
    const version = await aVersion({ names: ['localhost'] });
    const trust = join(host.root, 'trust.pem');
    const wgetrc = join(host.root, 'wgetrc');
    writeFileSync(trust, (await anAuthority()).rootPem);
    writeFileSync(wgetrc, `ca_certificate = ${trust}\n`);
    const server = await started(serveTls({ cert: version.fullchainPem, key: version.keyPem }, listener));
    return {
      pins: { agentUrl: `https://localhost:${server.port}/agent.cjs` },
      env: { PATH: host.path(['node', client]), CURL_CA_BUNDLE: trust, WGETRC: wgetrc },
    };
  }

  async function fetchWith(client: 'curl' | 'wget', listener: RequestListener): Promise<ScriptResult> {
    const { pins, env } = await served(client, listener);
    return await host.run(pins, env);
  }

  for (const client of ['curl', 'wget'] as const) {
    describeWith([program(client)], `through ${client}`, () => {
      test('A location is fetched', async () => {
        const ended = await fetchWith(client, (_, response) => response.end(readFileSync(host.agent.path)));

        expect(ended).toMatchObject({ status: 0, stderr: '' });
        expect(JSON.parse(ended.stdout)).toMatchObject({ mark: 'first' });
      });

      test('A location that answers with an error ends the run with the location in the message', async () => {
        const ended = await fetchWith(client, (_, response) => {
          response.statusCode = 403;
          response.end('denied');
        });

        expect(ended).toMatchObject({ status: 125, stdout: '' });
        expect(ended.stderr).toMatch(/could not fetch https:\/\/localhost:\d+\/agent\.cjs/);
        expect(host.cached()).toEqual([]);
      });
    });
  }

  describeWith([program('curl')], 'a fetch that is cancelled', () => {
    test.each(shells.map((shell) => [shell.join(' '), shell] as const))(
      'An https location leaves nothing behind when the command is cancelled in mid-fetch, under %s',
      async (_, shell) => {
        const asked = Promise.withResolvers<void>();
        const { pins, env } = await served('curl', (_request, response) => {
          response.write('half of an ag');
          asked.resolve();
        });
        const run = host.start(pins, { ...env, PATH: process.env.PATH }, shell);
        await asked.promise;
        run.cancel();

        const ended = await run.ended;

        expect(ended).toMatchObject({ stdout: '' });
        expect(ended.status).not.toBe(0);
        expect(host.cached()).toEqual([]);
      },
    );
  });

  test('Fetching from an https location fails with a request for curl or wget if neither is installed', async () => {
    const ended = await host.run({ agentUrl: 'https://localhost/agent.cjs' }, { PATH: host.path(['node']) });

    expect(ended.stderr).toContain('neither curl nor wget is installed');
  });
});

describe('an S3 location', () => {
  describeWith([program('curl')], 'through curl', () => {
    test('An S3 location is fetched by curl, signed with the instance role', async () => {
      const metadata = await started(serveMetadata());
      const objects = await started(serveObjects({ '/bucket/key.cjs': readFileSync(host.agent.path) }));

      const ended = await host.run(
        { agentUrl: 's3://bucket/key.cjs' },
        {
          PATH: host.path(['node', 'curl']),
          AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${metadata.port}`,
          AWS_ENDPOINT_URL_S3: `http://127.0.0.2:${objects.port}`,
        },
      );

      expect(ended).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(ended.stdout)).toMatchObject({ mark: 'first' });
    });
  });

  test('An S3 location is fetched by the AWS CLI without a recent curl, and its output stays out of the agent’s', async () => {
    const aws = `#!/bin/sh\necho "$@"\n[ "$1 $2 $3 $4" = "s3 cp --only-show-errors s3://bucket/key.cjs" ] && cp '${host.agent.path}' "$5"\n`;

    const ended = await host.run({ agentUrl: 's3://bucket/key.cjs' }, { PATH: host.path(['node'], { aws }) });

    expect(ended.status).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ mark: 'first' });
  });
});
