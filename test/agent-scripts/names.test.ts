import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { identityOf, scratchFolder } from './disk.ts';
import { aTarget, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;

/** A `files` target with a deployed version for these names. */
async function aDeployed(names = ['www.example.test']) {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const certPath = join(folder, 'tls/cert.pem');
  const config = { certPath, keyPath: join(folder, 'tls/key.pem'), reloadCommand: ['true'] };
  const target = aTarget('files', config);
  const host = testHost(join(folder, 'home'));
  const line = await host.send('deploy', { target, version: await aVersion({ names }) });
  expect(line.outcome).toBe('applied');
  return { certPath, target, host };
}

describeWith([program('flock', 'util-linux')], 'the names of a certificate on a host', () => {
  test('The agent refuses a leaf that does not cover the name of the target before it writes anything, also in a dry run', async () => {
    const { host, target, certPath } = await aDeployed();
    const verify = { endpoint: '127.0.0.1:1', serverName: 'api.example.test' };
    const named = aTarget('files', target.config, verify);
    const before = identityOf(certPath);

    const dryRun = await host.send('validate', { target: named, version: await aVersion() });
    const line = await host.send('deploy', { target: named, version: await aVersion() });

    for (const refused of [dryRun, line])
      expect(refused).toMatchObject({ outcome: 'rejected', reason: 'NameNotCovered' });
    expect(line.summary).toContain('does not cover api.example.test (it is for www.example.test)');
    expect(identityOf(certPath)).toEqual(before);
  });

  test('The agent warns of names that the new certificate no longer covers', async () => {
    const { host, target } = await aDeployed(['www.example.test', 'api.example.test']);

    const line = await host.send('deploy', { target, version: await aVersion() });

    expect(line.warnings).toEqual(['the new certificate no longer covers api.example.test']);
  });

  test('The agent warns of lost names in a dry run, with regard to wildcards and addresses', async () => {
    const names = ['a.shop.test', 'b.shop.test', 'a.b.shop.test', '192.0.2.1'];
    const { host, target } = await aDeployed(names);

    const line = await host.send('validate', { target, version: await aVersion({ names: ['*.shop.test'] }) });

    expect(line.warnings).toEqual(['the new certificate no longer covers a.b.shop.test, 192.0.2.1']);
  });
});
