import { appendFileSync, readFileSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { fingerprintOfFile, scratchFolder } from '../agent-scripts/disk.ts';
import { type Call, fileChangingCalls, killAt, recordTo } from '../agent-scripts/file-changing-calls.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { isPair } from '../rigs/watching-server.ts';
import { aHostedSite, type HostedSite, startByHand } from './hosted-site.ts';
import type { DaemonUnderContract } from './site.ts';

/** The files on disk at the moment when a watcher detected that its file was replaced. */
interface Replacement {
  readonly matches: boolean;
  readonly leaf: string;
}

interface WatchedSite extends HostedSite {
  readonly first: IssuedCertificate;
  readonly trigger: string;
  /** Every replacement of the trigger so far, in order. */
  readonly replacements: Replacement[];
}

/**
 * The contract of a kind whose daemon watches a file (the third of `liveFiles`) and reads certificate and key when that
 * file is replaced: exactly one replacement, after all others, and the daemon's own configuration remains complete.
 */
export function singleReplacementContract(daemon: DaemonUnderContract): void {
  describeWith([...daemon.needs, program('strace'), root], `one move: ${daemon.title}`, () => {
    const scratch = scratchFolder();
    const ends: (() => unknown)[] = [];
    let count = 0;
    afterEach(async () => {
      for (const end of ends.splice(0)) await end();
    });

    async function aWatchedSite(): Promise<WatchedSite> {
      const hosted = await aHostedSite(daemon, join(scratch, `${++count}`));
      ends.push(() => hosted.site.stop());
      const first = await startByHand(hosted);
      const [certPath = '', , trigger = ''] = hosted.site.liveFiles;
      const replacements: Replacement[] = [];
      const watcher = watch(dirname(trigger), (event, name) => {
        if (event !== 'rename' || name !== basename(trigger)) return;
        replacements.push({
          matches: isPair(certPath, hosted.site.keyFile),
          leaf: fingerprintOfFile(certPath),
        });
      });
      ends.push(() => watcher.close());
      return { ...hosted, first, trigger, replacements };
    }

    test('The watched file is replaced once, when certificate and key are in place', async () => {
      const { version, deploy, replacements } = await aWatchedSite();
      const next = await version();

      await deploy(next);

      expect(replacements).toEqual([{ matches: true, leaf: next.fingerprint }]);
    });

    test('A rollback also replaces the single file once, when the previous content is there', async () => {
      const { first, version, deploy, send, replacements } = await aWatchedSite();
      const { deploymentId } = await deploy(await version());
      replacements.splice(0);

      await send('undo', { deploymentId });

      expect(replacements).toEqual([{ matches: true, leaf: first.fingerprint }]);
    });

    test('An undo and a rollback keep what an operator wrote to the trigger file since', async () => {
      const { first, version, deploy, send, trigger, serves } = await aWatchedSite();
      await deploy(await version());
      const { deploymentId } = await deploy(await version());
      appendFileSync(trigger, '# edited\n');
      const edited = readFileSync(trigger, 'utf8');

      const undone = await send('undo', { deploymentId });
      const rolledBack = await send('rollback');

      expect(undone).toMatchObject({ outcome: 'restored', warnings: [] });
      expect(rolledBack).toMatchObject({ outcome: 'applied', served: true });
      expect(readFileSync(trigger, 'utf8')).toBe(edited);
      await serves(first);
    });

    test('A deployment is unchanged although an operator edited the trigger file', async () => {
      const { version, deploy, trigger, replacements } = await aWatchedSite();
      const next = await version();
      await deploy(next);
      appendFileSync(trigger, '# edited\n');
      replacements.splice(0);

      const line = await deploy(next);

      expect(line).toMatchObject({ outcome: 'unchanged', warnings: [] });
      expect(replacements).toEqual([]);
    });

    test('An undo moves the trigger file back although the change never reached it, for a daemon that restarted in between', async () => {
      const watched = await aWatchedSite();
      const { site, first, version, serves, send, replacements } = watched;
      const next = await version();
      await dieBefore(watched, next);
      expect(replacements).toEqual([]);
      await site.stop();
      await site.start();
      await serves(next);

      await send('inspect');

      expect(replacements.at(-1)).toEqual({ matches: true, leaf: first.fingerprint });
      await serves(first);
    });
  });
}

/** Kills the deployment of `next` just before it moves the trigger, at the call found in a recorded deployment. */
async function dieBefore(watched: WatchedSite, next: IssuedCertificate): Promise<void> {
  const { folder, host, target, trigger, first, deploy, replacements } = watched;
  const run = (wrapper: readonly string[]) =>
    host.run('deploy', { target: target(), version: next }, wrapper);
  const trace = join(folder, 'trace');
  // the first deployment of a host also reserves space
  await run([]);
  await deploy(first);
  await run(recordTo(trace));
  const call = renameTo(trigger, fileChangingCalls(trace, folder));
  await deploy(first);
  replacements.splice(0);
  await run(killAt(call));
}

function renameTo(path: string, calls: readonly Call[]): Call {
  const found = calls.findLast(({ name, text }) => name === 'rename' && text.includes(`, "${path}"`));
  if (found === undefined) throw new Error(`the deployment never renames to ${path}`);
  return found;
}
