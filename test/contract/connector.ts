import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ownershipOf, scratchFolder } from '../agent-scripts/disk.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { aHostedSite, type HostedSite, startByHand } from './hosted-site.ts';
import { firstTitle, proofs } from './proofs.ts';
import type { ContractPromise, DaemonUnderContract } from './site.ts';

/** The suite that every kind passes: the bundled agent on the real daemon. */
export function connectorContract(daemon: DaemonUnderContract): void {
  const needs = [...daemon.needs, program('unshare', 'util-linux'), root];
  describeWith(needs, `contract of connectors: ${daemon.title}`, () => {
    const scratch = scratchFolder();
    let count = 0;
    let current: HostedSite | null = null;

    afterEach(async () => {
      await current?.site.stop();
      current = null;
    });

    promise(daemon, 'first', firstTitle, async () => {
      const hosted = await aHostedSite(daemon, join(scratch, `${++count}`));
      current = hosted;
      await firstDeployment(hosted);
      hosted.expectTidy();
    });

    for (const [name, { title, prove }] of Object.entries(proofs)) {
      promise(daemon, name as ContractPromise, title, async () => {
        const hosted = await aHostedSite(daemon, join(scratch, `${++count}`));
        current = hosted;
        const first = await startByHand(hosted);
        await prove({ ...hosted, first }, daemon);
        hosted.expectTidy();
      });
    }
  });
}

/** A test, or for an exception of the kind a skipped test whose title contains the reason. */
function promise(
  { exceptions }: DaemonUnderContract,
  name: ContractPromise,
  title: string,
  prove: () => Promise<void>,
): void {
  const reason = exceptions?.[name];
  if (reason === undefined) test(title, prove);
  else test.skip(`${title} (not for this kind: ${reason})`, prove);
}

async function firstDeployment({ site, version, deploy, serves }: HostedSite): Promise<void> {
  const next = await version();

  const line = await deploy(next, site.whileStopped ?? { reloadCommand: ['true'] });
  await site.start();

  expect(line).toMatchObject({ outcome: 'applied', previousVersion: null });
  expect(line.version?.fingerprint).toBe(next.fingerprint);
  expect(ownershipOf(site.keyFile)).toMatch(/^0[0-7]{2}0 /);
  await serves(next);
}
