import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../../cli/demo/free-port.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { scratchFolder } from './disk.ts';
import { type LoopbackServer, serveTls } from './loopback-servers.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;
let server: LoopbackServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

/** Deploys to a host that probes its own endpoint, and undoes the deployment. */
async function deployAndUndo(port: number) {
  const folder = join(scratch, `${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const [certPath, keyPath] = [join(folder, 'tls/cert.pem'), join(folder, 'tls/key.pem')];
  const config = { certPath, keyPath, reloadCommand: ['true'] };
  const verify = { endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test', probeFrom: 'host' };
  const host = testHost(join(folder, 'home'));
  await host.send('deploy', { target: aTarget('files', config), version: await aVersion() });
  const target = aTarget('files', config, verify);
  const { deploymentId } = await host.send('deploy', { target, version: await aVersion() });
  return host.send('undo', { target, header: { deploymentId } });
}

describeWith([program('flock', 'util-linux'), root], 'undo on a host that probes its own endpoint', () => {
  test('An undo does not blame an endpoint on the rollback that was unreachable before the change.', async () => {
    const line = await deployAndUndo(await freePort());

    expect(line).toMatchObject({ outcome: 'restored', served: null });
    expect(line.summary).toContain('the endpoint was unreachable before the change');
  });

  test('An undo does not blame an endpoint on the rollback that serves the same foreign certificate as before.', async () => {
    const foreign = await aVersion();
    server = await serveTls({ cert: foreign.fullchainPem, key: foreign.keyPem }, () => {});

    const line = await deployAndUndo(server.port);

    expect(line).toMatchObject({ outcome: 'restored', served: null });
    expect(line.summary).toContain('the endpoint served the same certificate before the change');
  });
});
