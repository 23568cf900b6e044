import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { envoyStandIn } from '../rigs/envoy.ts';
import { describeWith, root } from '../rigs/require-daemon.ts';
import { connectorContract } from './connector.ts';
import { aHostedSite } from './hosted-site.ts';
import { killedContract } from './killed.ts';
import { singleReplacementContract } from './single-replacement.ts';

connectorContract(envoyStandIn);
singleReplacementContract(envoyStandIn);
killedContract(envoyStandIn, { window: /^rename\(.*cert\.pem/ });

describeWith([root], 'an SDS resource that does not exist yet', () => {
  const scratch = scratchFolder();

  test('An SDS resource that does not exist yet is written, names the files, watches its own folder, and goes again with the first deployment', async () => {
    const { site, version, deploy, send } = await aHostedSite(envoyStandIn, join(scratch, 'written'));
    const [certPath, keyPath, sdsPath = ''] = site.liveFiles;

    const line = await deploy(await version(), { adminEndpoint: undefined });

    expect(line.outcome).toBe('applied');
    expect(JSON.parse(readFileSync(sdsPath, 'utf8'))).toEqual({
      resources: [
        {
          '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
          name: 'server_cert',
          tls_certificate: {
            certificate_chain: { filename: certPath },
            private_key: { filename: keyPath },
            watched_directory: { path: dirname(sdsPath) },
          },
        },
      ],
    });
    await send('undo', { deploymentId: line.deploymentId });
    expect(existsSync(sdsPath)).toBe(false);
  });

  test('An SDS resource that does not exist yet is asked for before anything is written where no secret has a name', async () => {
    const { site, version, deploy } = await aHostedSite(envoyStandIn, join(scratch, 'asked-for'));

    const line = await deploy(await version(), { adminEndpoint: undefined, secretName: undefined });

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'PlanInvalid' });
    expect(line.summary).toContain(`${site.liveFiles[2]} does not exist`);
    expect(existsSync(site.keyFile)).toBe(false);
  });

  test('The agent installs the certificates of an SDS resource that does not exist yet, and leaves them if the admin endpoint does not answer', async () => {
    const { site, version, deploy, identities } = await aHostedSite(envoyStandIn, join(scratch, 'nobody'));
    site.installByHand(await version());
    const before = identities();

    const line = await deploy(await version());

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'DaemonUnreachable' });
    expect(line.summary).toContain('ECONNREFUSED');
    expect(identities()).toEqual(before);
  });
});
