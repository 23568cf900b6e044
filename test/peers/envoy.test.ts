import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { connectorContract } from '../contract/connector.ts';
import { aHostedSite, type HostedSite, startByHand } from '../contract/hosted-site.ts';
import { killedContract } from '../contract/killed.ts';
import { singleReplacementContract } from '../contract/single-replacement.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { envoyDaemon } from '../rigs/envoy.ts';
import { describeWith, root } from '../rigs/require-daemon.ts';
import { envoyProgram, fetched } from './programs.ts';

const needs = [fetched(envoyProgram)];

for (const watched of ['sds', 'files'] as const) {
  const daemon = envoyDaemon(envoyProgram, needs, watched);
  connectorContract(daemon);
  singleReplacementContract(daemon);
  if (watched === 'sds') killedContract(daemon, { window: /^rename\(.*cert\.pem/ });
}

describeWith([...needs, root], 'a real Envoy', () => {
  const scratch = scratchFolder();
  const sites: HostedSite[] = [];
  afterAll(async () => {
    for (const { site } of sites) await site.stop();
  });

  async function aRunningEnvoy(watched: 'sds' | 'files') {
    const hosted = await aHostedSite(envoyDaemon(envoyProgram, needs, watched), join(scratch, watched));
    sites.push(hosted);
    return { ...hosted, first: await startByHand(hosted) };
  }

  test.each(['sds', 'files'] as const)(
    'A real Envoy reports on its admin interface that it refuses a key, and the previous one is restored (%s)',
    async (watched) => {
      const { first, deploy, serves } = await aRunningEnvoy(watched);

      const line = await deploy(await aVersion({ keyType: 'rsa1024' }));

      expect(line.outcome).toBe('reload_failed');
      expect(line.summary).toContain('key_rotation_failed');
      await serves(first);
    },
  );

  test('A real Envoy lists the accepted certificates, so the deployment is verified beyond the files', async () => {
    const { version, deploy, serves, site } = await aHostedRenewal();
    const next = await version();

    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true, warnings: [] });
    expect(await site.served()).toBe(next.fingerprint);
    await serves(next);

    async function aHostedRenewal() {
      const hosted = await aHostedSite(envoyDaemon(envoyProgram, needs, 'sds'), join(scratch, 'listed'));
      sites.push(hosted);
      await startByHand(hosted);
      return hosted;
    }
  });
});
