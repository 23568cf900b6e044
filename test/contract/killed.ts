import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { fingerprintOfFile, pairMatches, scratchFolder } from '../agent-scripts/disk.ts';
import { type Call, fileChangingCalls, killAt, recordTo } from '../agent-scripts/file-changing-calls.ts';
import type { AgentRun } from '../agent-scripts/run-agent.ts';
import { describeWith, program, root } from '../rigs/require-daemon.ts';
import { aHostedSite, type HostedSite, startByHand } from './hosted-site.ts';
import type { DaemonUnderContract, Site } from './site.ts';

/** The expected behaviour of a killed agent for one kind. */
export interface KilledPromise {
  /**
   * The only system call (in strace's format) before which a kill leaves files that the daemon cannot start with. Null if
   * there is none. The next run recovers from it.
   */
  readonly window: RegExp | null;
}

interface Subject extends HostedSite {
  readonly old: IssuedCertificate;
  readonly next: IssuedCertificate;
  run(action: JobHeader['action'], wrapper: readonly string[]): Promise<AgentRun>;
}

/**
 * Kills a renewal with SIGKILL at every system call that changes files, and also the run that recovers from the worst of
 * these kills. After the next run the files are the previous or the new version, match, and the daemon starts.
 */
export function killedContract(daemon: DaemonUnderContract, promise: KilledPromise): void {
  const needs = [...daemon.needs, program('strace'), program('unshare', 'util-linux'), root];
  describeWith(needs, `agent killed by SIGKILL: ${daemon.title}`, () => {
    const scratch = scratchFolder();
    const sites: Site[] = [];
    afterAll(async () => {
      for (const site of sites) await site.stop();
    });
    const aSubject = async (name: string): Promise<Subject> => {
      const hosted = await aHostedSite(daemon, join(scratch, name));
      sites.push(hosted.site);
      const subject = await subjectOf(hosted);
      await reset(subject);
      return subject;
    };

    test('The host serves the previous or the new version after a kill at every file-changing call of a renewal, and the next run repairs the rest', async () => {
      await killRenewals(await aSubject('renewal'), promise);
    }, 600_000);

    test('A repair that is killed at every file-changing call of its own is repaired by the next run', async () => {
      await killMendings(await aSubject('mending'), promise);
    }, 600_000);
  });
}

async function subjectOf(hosted: HostedSite): Promise<Subject> {
  const old = await startByHand(hosted);
  const next = await hosted.version();
  const { host, target } = hosted;
  return {
    ...hosted,
    old,
    next,
    run: (action, wrapper) => {
      const { credentials } = hosted.site;
      return host.run(
        action,
        { target: target(), version: next, ...(credentials && { credentials }) },
        wrapper,
      );
    },
  };
}

async function killRenewals(subject: Subject, { window }: KilledPromise): Promise<void> {
  const calls = await recordedCalls(subject, 'deploy');
  await reset(subject);
  const doesNotStart: string[] = [];
  const died: string[] = [];

  for (const call of calls) {
    const run = await subject.run('deploy', killAt(call));
    if (run.line === null) died.push(call.text);
    if (!(await restartServes(subject))) doesNotStart.push(call.text);
    await recover(subject);
    await expectMended(subject);
    await reset(subject);
  }

  // journal and receipt, and the calls for each file: fewer calls mean that the recording is incomplete
  expect(calls.length).toBeGreaterThan(10 + 15 * subject.site.liveFiles.length);
  expect(died.length).toBeGreaterThan(calls.length * 0.9);
  expect(doesNotStart).toEqual(window === null ? [] : [expect.stringMatching(window)]);
  console.info(
    `killed at ${died.length} of ${calls.length} file-changing calls; does not start at: ${doesNotStart}`,
  );
}

async function killMendings(subject: Subject, { window }: KilledPromise): Promise<void> {
  const halfDone = worstOf(await recordedCalls(subject, 'deploy'), subject.site, window);
  await reset(subject);
  await subject.run('deploy', killAt(halfDone));
  const calls = await recordedCalls(subject, 'inspect');
  await reset(subject);

  for (const call of calls) {
    await subject.run('deploy', killAt(halfDone));
    expect(isPair(subject.site)).toBe(window === null);
    await subject.run('inspect', killAt(call));
    await recover(subject);
    await expectMended(subject);
    expect(fingerprintOnDisk(subject.site)).toBe(subject.old.fingerprint);
    await reset(subject);
  }

  expect(calls.length).toBeGreaterThan(10);
  console.info(`the mending run was killed at ${calls.length} file-changing calls`);
}

/** The call before which a kill leaves most to recover: the window, or else the call after the first rename. */
function worstOf(calls: readonly Call[], site: Site, window: RegExp | null): Call {
  const first = calls.findIndex(
    ({ name, text }) => name === 'rename' && site.liveFiles.some((path) => text.includes(`, "${path}"`)),
  );
  const worst = window === null ? calls[first + 1] : calls.findLast(({ text }) => window.test(text));
  if (first < 0 || worst === undefined) throw new Error('the renewal renames no file to a live path');
  return worst;
}

/** Whether the daemon starts with the files that the killed agent left, and serves the previous or the new version. */
async function restartServes({ site, old, next }: Subject): Promise<boolean> {
  await site.stop();
  if (!site.wouldStart()) return false;
  await site.start();
  expect([old.fingerprint, next.fingerprint]).toContain(await site.served());
  return true;
}

/** Runs another job, which recovers from the kill. */
async function recover(subject: Subject): Promise<void> {
  await subject.send('inspect');
}

async function expectMended({ site, old, next, expectTidy }: Subject): Promise<void> {
  expect(isPair(site)).toBe(true);
  expect([old.fingerprint, next.fingerprint]).toContain(fingerprintOnDisk(site));
  expectTidy();
  expect(site.wouldStart()).toBe(true);
}

/** Makes the site serve `old` again, so that every kill starts from the same state. A daemon that serves is not restarted. */
async function reset({ site, old, deploy }: Subject): Promise<void> {
  const isServing = await site.served().then(
    () => true,
    () => false,
  );
  if (!isServing) {
    await site.stop();
    await site.start();
  }
  const line = await deploy(old);
  expect(['applied', 'unchanged']).toContain(line.outcome);
}

async function recordedCalls(subject: Subject, action: JobHeader['action']): Promise<Call[]> {
  const trace = join(subject.folder, 'trace');
  await subject.run(action, recordTo(trace));
  const calls = fileChangingCalls(trace, subject.folder);
  rmSync(trace);
  return calls;
}

function isPair(site: Site): boolean {
  return site.onDisk?.().isPair ?? pairMatches(leafFile(site), site.keyFile);
}

function fingerprintOnDisk(site: Site): string {
  return site.onDisk?.().fingerprint ?? fingerprintOfFile(leafFile(site));
}

function leafFile({ liveFiles: [first] }: Site): string {
  if (first === undefined) throw new Error('a site without live files');
  return first;
}
