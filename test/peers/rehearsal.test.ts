import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { aHostedSite, type HostedSite, startByHand } from '../contract/hosted-site.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { envoyConfigIn, envoyDaemon } from '../rigs/envoy.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { envoyProgram, fetched } from './programs.ts';

const needs = [fetched(envoyProgram), program('unshare', 'util-linux'), root];

/** Runs argv where Envoy is on the PATH that the agent's commands have, which nothing outside sees. */
const withEnvoyOnPath: readonly string[] = [
  ...['unshare', '--mount', '--propagation', 'private', '--', '/bin/sh', '-c'],
  'mount -t tmpfs none /usr/local/sbin && ln -s "$1" /usr/local/sbin/ && shift && exec "$@"',
  ...['sh', envoyProgram],
];

describeWith(needs, 'a rehearsal with a real Envoy', () => {
  const scratch = scratchFolder();
  const sites: HostedSite[] = [];
  afterAll(async () => {
    for (const { site } of sites) await site.stop();
  });

  async function rehearsed(name: string, next: IssuedCertificate) {
    const folder = join(scratch, name);
    const hosted = await aHostedSite(envoyDaemon(envoyProgram, needs, 'sds'), folder);
    sites.push(hosted);
    const first = await startByHand(hosted);
    const before = hosted.identities();
    // without a validateCommand of the test's, so that the connector's own words are run too
    const configPath = envoyConfigIn(folder);
    const target = hosted.target({ rehearse: true, configPath, validateCommand: undefined });
    const { line } = await hosted.host.run('deploy', { target, version: next }, withEnvoyOnPath);
    return { hosted, first, line, before };
  }

  test('A rehearsal with a real Envoy accepts what its sandboxed instance serves', async () => {
    const next = await aVersion();

    const { hosted, line } = await rehearsed('taken', next);

    expect(line).toMatchObject({ outcome: 'applied', validatedIn: 'sandbox', served: true, warnings: [] });
    await hosted.serves(next);
  });

  test('A rehearsal with a real Envoy changes nothing if its sandboxed instance refuses the key', async () => {
    const { hosted, first, line, before } = await rehearsed(
      'refused',
      await aVersion({ keyType: 'rsa1024' }),
    );

    expect(line?.outcome).toBe('validate_failed');
    expect(line?.summary).toContain('sandboxed instance');
    expect(hosted.identities()).toEqual(before);
    await hosted.serves(first);
  });
});
