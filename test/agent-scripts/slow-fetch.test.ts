import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timeBudgets } from '../../core/time-budgets.ts';
import { headerFor } from '../../lambdas/delivery/deliver.ts';
import { anAuthority, aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { shells } from './bootstrap-host.ts';
import { fingerprintOfFile } from './disk.ts';
import { serveTls } from './loopback-servers.ts';
import { aTarget, testHost } from './run-agent.ts';
import { useBootstrapHost } from './use-bootstrap-host.ts';

const { host, started } = useBootstrapHost();

/** The agent on a server, and what a run needs to trust it. */
async function served(listener: RequestListener) {
  const { fullchainPem: cert, keyPem: key } = await aVersion({ names: ['localhost'] });
  const server = await started(serveTls({ cert, key }, listener));
  const trust = join(host.root, 'trust.pem');
  writeFileSync(trust, (await anAuthority()).rootPem);
  const agentUrl = `https://localhost:${server.port}/agent.cjs`;
  return { agentUrl, server, env: { CURL_CA_BUNDLE: trust } };
}

/** A server that needs two seconds for the agent. */
const slowly: RequestListener = (_, response) => {
  const agent = readFileSync(host.agent.path);
  response.write(agent.subarray(0, 10));
  setTimeout(() => response.end(agent.subarray(10)), 2000);
};

/** A server that never sends the rest. */
const never: RequestListener = (_, response) => void response.write('half of an ag');

const inShells = shells.map((shell) => [shell.join(' '), shell] as const);

describeWith([program('curl')], 'a slow first fetch', () => {
  test.each(inShells)(
    'A fetch ends when its time is over, and the error names the next step, under %s',
    async (_, shell) => {
      const { agentUrl, env } = await served(never);

      const ended = await host.run({ agentUrl, fetchSeconds: 1 }, env, shell);

      expect(ended).toMatchObject({ status: 125, stdout: '' });
      expect(ended.stderr).toContain('did not end within 1 seconds');
      expect(ended.stderr).toContain('run certferry warm for this host');
      expect(host.cached()).toEqual([]);
    },
  );

  test('A warm run has more time than a job, and the job after it fetches nothing', async () => {
    const { agentUrl, server, env } = await served(slowly);
    const pins = { agentUrl, fetchSeconds: 1, warmSeconds: 60 };
    const job = await host.run(pins, env);

    const warm = await host.run(pins, { ...env, SSM_Job: 'warm' });
    await server.close();
    const next = await host.run(pins, env);

    expect(job.status).toBe(125);
    expect(warm).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(warm.stdout)).toEqual({ warm: true, fetched: 'agent', seconds: expect.any(Number) });
    expect(JSON.parse(next.stdout)).toMatchObject({ mark: 'first' });
  });

  test('A run that waits for another run that fetches ends when its own time is over', async () => {
    const { agentUrl, env } = await served(never);
    const first = host.start({ agentUrl, fetchSeconds: 60 }, env);
    const second = host.start({ agentUrl, fetchSeconds: 1 }, env);
    // either of them may be the one that fetches
    const waited = await Promise.race([first.ended, second.ended]);
    first.cancel();
    await Promise.all([first.ended, second.ended]);

    expect(waited.stderr).toContain('did not end within 1 seconds');
  });
});

test('A warm run on a warm host fetches nothing and starts nothing', async () => {
  await host.run({}, { SSM_Job: 'warm' });

  const { status, stdout, stderr } = await host.run({}, { SSM_Job: 'warm' });

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ warm: true, fetched: '', seconds: 0 });
});

describeWith([program('flock', 'util-linux')], 'a job after a slow first fetch', () => {
  test('The agent performs a job that waited in the queue and whose host then fetched for as long as it may', async () => {
    const certPath = join(host.root, 'tls/cert.pem');
    mkdirSync(join(host.root, 'tls'));
    const target = aTarget('files', {
      certPath,
      keyPath: join(host.root, 'tls/key.pem'),
      reloadCommand: ['true'],
    });
    const version = await aVersion();
    const waited = timeBudgets.queue + timeBudgets.fetch;
    const sentAt = new Date(Date.now() - waited * 1000);
    const { expiresAt } = headerFor({ id: 'd-1', fence: 1, rollout: null, target }, 'deploy', sentAt);

    const line = await testHost(host.home).send('deploy', { target, version, header: { expiresAt } });

    expect(line).toMatchObject({ outcome: 'applied' });
    expect(fingerprintOfFile(certPath)).toBe(version.fingerprint);
  });
});
