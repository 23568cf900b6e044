import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { notStartedCodes } from '../../core/deployment/agent-start.ts';
import { maximumJobCharacters } from '../../core/deployment/job.ts';
import { ssmAgent } from '../../local/ssm/ssm-agent.ts';
import { renderDocument } from '../../scripts/render-document.ts';
import { hostKinds, sha256 } from './bootstrap-host.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host } = useBootstrapHost();

/** The runtime and its record. */
const runtimeFiles = (digest: string) => [`node-${digest}`, `node-${digest}.checked`];

describe('the document', () => {
  test('The document holds no double brace, nothing but ASCII, and leaves room for the largest job in 64 KB', () => {
    const document = renderDocument();

    expect(document).not.toContain('{{');
    expect(document).toMatch(/^[\n\x20-\x7e]*$/);
    expect(document.length + maximumJobCharacters).toBeLessThan(64 * 1024);
  });
});

describe.each(hostKinds)('bootstrap under $name', ({ shell, hasOnlyBusybox }) => {
  const environment = () => (hasOnlyBusybox ? { PATH: host.busyboxPath(['node']) } : {});

  test("Bootstrap starts the agent with its home and its job, and with nothing of Node's environment", async () => {
    const env = {
      ...environment(),
      SSM_Job: 'a.b_c-d',
      NODE_OPTIONS: '--no-warnings',
      NODE_PATH: '/nowhere',
    };

    const { status, stdout, stderr } = await host.run({}, env, shell);

    expect(JSON.parse(stdout)).toEqual({ mark: 'first', home: host.home, job: 'a.b_c-d', left: [] });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('Bootstrap fetches a runtime once, unpacks it, and runs the agent on it', async () => {
    const plain = host.publishRuntime('pinned');
    const packed = host.publish('runtime.gz', gzipSync(readFileSync(plain.path)));
    const pins = { runtimeUrl: packed.url, runtimeSha256: plain.sha256 };
    await host.run(pins, environment(), shell);
    rmSync(packed.path);
    rmSync(host.agent.path);

    const { stdout, stderr } = await host.run(pins, environment(), shell);

    expect(JSON.parse(stdout)).toMatchObject({ runtime: 'pinned' });
    expect(stderr).toBe('');
    expect(host.cached()).toEqual([`agent-${host.agent.sha256}.cjs`, ...runtimeFiles(plain.sha256)]);
  });

  test('Bootstrap keeps the current agent and the previous one, and no third', async () => {
    const digests: string[] = [];
    for (const mark of ['one', 'two', 'three']) {
      digests.push(host.publishAgent(mark).sha256);
      await host.run({}, environment(), shell);
    }

    expect(host.cached()).toEqual([`agent-${digests[1]}.cjs`, `agent-${digests[2]}.cjs`].sort());
  });

  test('Bootstrap fetches a tampered agent again and runs what it fetched', async () => {
    await host.run({}, environment(), shell);
    host.tamper(`agent-${host.agent.sha256}.cjs`);

    const { status, stdout, stderr } = await host.run({}, environment(), shell);

    expect(JSON.parse(stdout)).toMatchObject({ mark: 'first' });
    expect(status).toBe(0);
    expect(stderr).toContain('has changed since it was fetched; fetching it again');
  });
});

describe('bootstrap', () => {
  test.each([{ SSM_Job: undefined }, { SSM_Job: '' }])(
    'Bootstrap names the required SSM Agent when no job arrives: %o',
    async (env) => {
      const ended = await host.run({}, env);

      expect(ended).toMatchObject({ status: 125, stdout: '' });
      expect(ended.stderr).toContain('Update its SSM Agent to 3.3.2746.0 or later');
    },
  );

  test('Bootstrap keeps everything in folders that only their owner may enter', async () => {
    await host.run();

    const modes = [host.home, host.bin, join(host.bin, `agent-${host.agent.sha256}.cjs`)].map(
      (path) => statSync(path).mode & 0o777,
    );
    expect(modes).toEqual([0o700, 0o700, 0o700]);
  });

  test('Bootstrap refuses an agent whose digest is not the pinned one, and leaves nothing of it', async () => {
    const expected = 'a'.repeat(64);

    const ended = await host.run({ agentSha256: expected });

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toContain(`is ${host.agent.sha256}, but the document requires ${expected}`);
    expect(host.cached()).toEqual([]);
  });

  test('Bootstrap refuses a tampered agent when what it fetches instead is wrong as well', async () => {
    const { url: agentUrl, sha256: agentSha256 } = host.agent;
    await host.run();
    host.tamper(`agent-${agentSha256}.cjs`);
    host.publish('agent.cjs', 'process.stdout.write("other")');

    const ended = await host.run({ agentUrl, agentSha256 });

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toContain('The file is not used');
  });

  test('Bootstrap refuses a runtime whose digest is not the pinned one', async () => {
    const runtime = host.publishRuntime('other');

    const ended = await host.run({ runtimeUrl: runtime.url, runtimeSha256: 'b'.repeat(64) });

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toContain(`is ${runtime.sha256}, but the document requires`);
    expect(host.cached()).toEqual([`agent-${host.agent.sha256}.cjs`]);
  });

  test('Bootstrap refuses a runtime that does not run on this host, and names the next step', async () => {
    const runtime = host.publish('runtime', 'not a program\n');

    const ended = await host.run({ runtimeUrl: runtime.url, runtimeSha256: runtime.sha256 });

    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toContain('does not run on this host');
    expect(ended.stderr).toContain("Use runtime 'host'");
  });

  test('Bootstrap refuses packed bytes that do not unpack', async () => {
    const packed = host.publish('runtime.gz', 'not packed');

    const ended = await host.run({ runtimeUrl: packed.url, runtimeSha256: sha256('not packed') });

    expect(ended.status).toBe(125);
    expect(ended.stderr).toContain('could not unpack file:///');
    expect(host.cached()).toEqual([`agent-${host.agent.sha256}.cjs`]);
  });

  test.each(['http://127.0.0.1/agent.cjs', 'file://relative', 's3://bucket', ''])(
    'Bootstrap refuses the location "%s"',
    async (agentUrl) => {
      const ended = await host.run({ agentUrl });

      expect(ended.status).toBe(125);
      expect(ended.stderr).toContain('use file:///, https:// or s3://');
    },
  );

  test('Bootstrap refuses a host without Node when the stack brings none', async () => {
    const ended = await host.run({}, { PATH: host.path([]) });

    expect(ended.status).toBe(125);
    expect(ended.stderr).toContain('no node on PATH: install Node 20.12 or later');
  });

  test.each([
    ['v18.20.4', 125],
    ['v9.1.0', 125],
    ['v20.0.0', 125],
    ['v20.11.1', 125],
    ['v20.12.0', 0],
    ['v22.0.0', 0],
    ['v100.0.0', 0],
  ])('Bootstrap judges the host’s own Node %s: exit code %i', async (version, status) => {
    const node = `#!/bin/sh\n[ "$1" = --version ] && echo ${version}\nexit 0\n`;

    const ended = await host.run({}, { PATH: host.path([], { node }) });

    expect(ended.status).toBe(status);
    expect(ended.stderr).toContain(status === 0 ? '' : `is ${version}: the agent needs Node 20.12 or later`);
  });

  test('Bootstrap ends with the exit code of a refusal when a program fails that it does not expect to fail', async () => {
    writeFileSync(join(host.root, 'a file'), '');
    const home = join(host.root, 'a file', 'home');

    const [noFolder, noDigest] = [
      await host.run({ home }),
      await host.run({}, { PATH: host.pathWithout('sha256sum') }),
    ];

    expect([noFolder.status, noDigest.status]).toEqual([notStartedCodes.refused, notStartedCodes.refused]);
    expect(noFolder.stderr).toContain(`certferry bootstrap: ${home}/bin could not be created`);
  });

  test('Bootstrap names the cause within the 8,000 characters that SSM returns, however much a program prints', async () => {
    const aws =
      '#!/bin/sh\necho the first line >&2\nyes noise | head -c 100000 >&2\necho the last line >&2\nexit 1\n';

    const ended = await host.run(
      { agentUrl: `s3://bucket/${'k'.repeat(3_000)}` },
      { PATH: host.path(['node', 'yes'], { aws }) },
    );

    expect(ended.status).toBe(notStartedCodes.refused);
    expect(ended.stderr.length).toBeLessThan(ssmAgent.returnedOutput.value.errors);
    expect(ended.stderr).toMatch(
      /^the first line\n.*the last line\ncertferry bootstrap: could not fetch s3:/s,
    );
  });

  test('Bootstrap removes what a killed run left behind before it fetches', async () => {
    host.makeHome();
    writeFileSync(join(host.bin, '.fetch.killed'), '');
    writeFileSync(join(host.bin, '.fetch.killed.gz'), '');

    await host.run();

    expect(host.cached()).toEqual([`agent-${host.agent.sha256}.cjs`]);
  });

  test('Bootstrap without flock removes what a run killed two days ago left behind, and nothing younger', async () => {
    host.makeHome();
    for (const name of ['.fetch.old', '.fetch.new']) writeFileSync(join(host.bin, name), '');
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    utimesSync(join(host.bin, '.fetch.old'), twoDaysAgo, twoDaysAgo);

    const { stderr } = await host.run({}, { PATH: host.pathWithout('flock') });

    expect(stderr).toContain('flock is not installed');
    expect(host.cached()).toEqual(['.fetch.new', `agent-${host.agent.sha256}.cjs`]);
  });

  test('Bootstrap keeps the current runtime and the previous one, with their records, and no third', async () => {
    const digests: string[] = [];
    for (const mark of ['one', 'two', 'three']) {
      const runtime = host.publishRuntime(mark);
      digests.push(runtime.sha256);
      await host.run({ runtimeUrl: runtime.url, runtimeSha256: runtime.sha256 });
    }

    expect(host.cached().filter((name) => name.startsWith('node-'))).toEqual(
      digests.slice(1).flatMap(runtimeFiles).sort(),
    );
  });
});
