import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aTarget, testHost } from '../agent-scripts/run-agent.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith } from '../rigs/require-daemon.ts';
import { fingerprintShown, runtimeNeeds, useRuntimeSites } from './haproxy-runtime-site.ts';

const aRunningSite = useRuntimeSites();

describeWith(runtimeNeeds, "haproxy's Runtime API beside other clients", () => {
  test("The agent aborts a transaction of haproxy's Runtime API that a dead run left open, and starts again", async () => {
    const { name, leaveOpen, transaction, version, deploy, serves } = await aRunningSite();
    await leaveOpen(name, await aVersion());
    const next = await version();

    const line = await deploy(next);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
    expect(await transaction()).toBe(null);
  });

  test("The agent waits for a foreign transaction about another certificate in haproxy's Runtime API", async () => {
    const { other, ask, leaveOpen, version, deploy, serves } = await aRunningSite();
    const theirs = await aVersion();
    await leaveOpen(other, theirs);
    const committed = new Promise((resolve) => setTimeout(resolve, 1_000)).then(() =>
      ask(`commit ssl cert ${other}`),
    );
    const next = await version();

    const line = await deploy(next);

    expect(await committed).toContain('Success!');
    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
  });

  test('The agent gives up when the foreign transaction stays open, reports how to end it, and does not touch it', async () => {
    const { other, leaveOpen, transaction, first, version, deploy, serves } = await aRunningSite();
    await leaveOpen(other, await aVersion());

    const line = await deploy(await version());

    expect(line).toMatchObject({ outcome: 'reload_failed' });
    expect(line.summary).toContain(`\`abort ssl cert ${other}\``);
    await serves(first);
    expect(await transaction()).toBe(other);
  });

  test("Haproxy's Runtime API brings in two certificates of one haproxy at once", async () => {
    const { folder, site, other, host, target, version, serves, ask } = await aRunningSite();
    const [mine, theirs] = [await version(), await version()];
    const elsewhere = testHost(join(folder, 'other-home'));
    const config = { ...site.config, pemPath: other };

    const lines = await Promise.all([
      host.send('deploy', { target: target(), version: mine }),
      elsewhere.send('deploy', { target: aTarget('haproxy', config, 'none', 'web-2'), version: theirs }),
    ]);

    expect(lines.map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
    await serves(mine);
    const { fingerprint } = new X509Certificate(theirs.certPem);
    expect(fingerprintShown(await ask(`show ssl cert ${other}`))).toBe(fingerprint.replaceAll(':', ''));
  });

  test("The agent repeats a command that haproxy's Runtime API refuses because of another client's command", async () => {
    const { interfering, version, deploy, serves } = await aRunningSite();
    const refused = new Set<string>();
    const statsSocket = interfering(async (command) => {
      const [verb = ''] = command.split(' ');
      if (!command.includes('ssl cert') || refused.has(verb)) return null;
      refused.add(verb);
      return "Can't do that!\nOperations on certificates are currently locked!\n";
    });
    const next = await version();

    const line = await deploy(next, statsSocket);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
    expect([...refused].sort()).toEqual(['abort', 'commit', 'set', 'show']);
  });

  test("Haproxy's Runtime API does not leave its key in a transaction about another certificate that was opened meanwhile", async () => {
    const site = await aRunningSite();
    const { ask, other, leaveOpen, transaction, version, deploy, serves } = site;
    const before = fingerprintShown(await ask(`show ssl cert ${other}`));
    let meddled = false;
    const statsSocket = site.interfering(async (command) => {
      if (command.startsWith('set ssl cert') && !meddled) {
        meddled = true;
        await leaveOpen(other, await aVersion());
      }
      return null;
    });
    const next = await version();

    const line = await deploy(next, statsSocket);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    await serves(next);
    expect(await transaction()).toBe(null);
    expect(fingerprintShown(await ask(`show ssl cert ${other}`))).toBe(before);
  });

  test("Haproxy's Runtime API repeats a transaction that another client ended and replaced by its own before the commit", async () => {
    const site = await aRunningSite();
    const { ask, name, other, leaveOpen, transaction, version, deploy, serves } = site;
    let commits = 0;
    const statsSocket = site.interfering(async (command) => {
      if (command.startsWith('commit') && ++commits === 1) {
        await ask(`abort ssl cert ${name}`);
        await leaveOpen(other, await aVersion());
        const answer = await ask(command.trim());
        await ask(`abort ssl cert ${other}`);
        return answer;
      }
      return null;
    });
    const next = await version();

    const line = await deploy(next, statsSocket);

    expect(line).toMatchObject({ outcome: 'applied', served: true });
    expect(commits).toBe(2);
    await serves(next);
    expect(await transaction()).toBe(null);
  });
});
