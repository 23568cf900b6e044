import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { scratchFolder } from '../agent-scripts/disk.ts';
import { connectorContract } from '../contract/connector.ts';
import { aHostedSite, type HostedSite, startByHand } from '../contract/hosted-site.ts';
import { killedContract } from '../contract/killed.ts';
import { singleReplacementContract } from '../contract/single-replacement.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { traefikDaemon } from '../rigs/traefik.ts';
import { fetched, traefikProgram } from './programs.ts';

const needs = [fetched(traefikProgram)];

for (const watch of ['filename', 'directory'] as const) {
  const daemon = traefikDaemon(traefikProgram, needs, watch);
  connectorContract(daemon);
  singleReplacementContract(daemon);
  if (watch === 'filename') killedContract(daemon, { window: /^rename\(.*cert\.pem/ });
}

describeWith([...needs, program('strace'), root], 'a real Traefik and a very slow host', () => {
  const scratch = scratchFolder();
  const sites: HostedSite[] = [];
  afterAll(async () => {
    for (const { site } of sites) await site.stop();
  });

  /** Renews while each rename takes 700 ms, and returns every leaf that was served meanwhile. */
  async function renewSlowly(
    name: string,
    changes: (hosted: HostedSite) => Readonly<Record<string, unknown>>,
  ) {
    const hosted = await aHostedSite(traefikDaemon(traefikProgram, needs, 'directory'), join(scratch, name));
    sites.push(hosted);
    const first = await startByHand(hosted);
    const next = await hosted.version();
    const sealed = { target: hosted.target(changes(hosted)), version: next };
    const slowly = ['strace', '-qq', '-f', '-o', '/dev/null', '-e', 'inject=rename:delay_enter=700000'];
    const seen = new Set<string>();
    let done = false;
    const renewal = hosted.host.run('deploy', sealed, slowly).finally(() => {
      done = true;
    });
    while (!done) seen.add(await hosted.site.served());
    const { line } = await renewal;
    return { seen: [...seen], first, next, line, hosted };
  }

  test('A real Traefik and a very slow host serves the previous leaf or the new one, never its own, when its dynamic configuration is moved last', async () => {
    const { seen, first, next, line, hosted } = await renewSlowly('trigger', () => ({}));

    expect(line?.outcome).toBe('applied');
    expect(seen).toEqual([first.fingerprint, next.fingerprint]);
    await hosted.serves(next);
  });
});
