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
import { saveHost, stateOfHost } from './saved-host.ts';
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
  /** Makes the host what it was before the first kill: it serves `old`, and each file of certferry is the same. */
  reset(): Promise<void>;
  /** States of the host from which a deployment has succeeded. */
  readonly deployedFrom: Set<string>;
}

/**
 * Kills a renewal with SIGKILL at every system call that changes files, and also the run that recovers from the worst of
 * these kills. After the next run the files are the previous or the new version, match, and the daemon starts.
 *
 * Many of these kills leave the same files, e.g. before and after an fsync. The next run finds nothing but the files and the
 * daemon, so it runs once for each state that the kills leave.
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
      return subjectOf(hosted);
    };

    test('The host serves the previous or the new version after a kill at every file-changing call of a renewal, and the next run repairs the rest', async () => {
      await killRenewals(await aSubject('renewal'), promise);
    });

    test('A repair that is killed at every file-changing call of its own is repaired by the next run', async () => {
      await killMendings(await aSubject('mending'), promise);
    });
  });
}

async function subjectOf(hosted: HostedSite): Promise<Subject> {
  const old = await startByHand(hosted);
  const next = await hosted.version();
  const { host, site, target, deploy } = hosted;
  const line = await deploy(old);
  expect(['applied', 'unchanged']).toContain(line.outcome);
  const saved = saveHost(hosted);
  return {
    ...hosted,
    old,
    next,
    deployedFrom: new Set(),
    run: (action, wrapper) => {
      const { credentials } = hosted.site;
      return host.run(
        action,
        { target: target(), version: next, ...(credentials && { credentials }) },
        wrapper,
      );
    },
    async reset() {
      saved.restore();
      host.received(line);
      if ((await servedOrNull(site)) === old.fingerprint) return;
      await site.stop();
      await site.start();
      await hosted.serves(old);
    },
  };
}

async function killRenewals(subject: Subject, { window }: KilledPromise): Promise<void> {
  const calls = await recordedCalls(subject, 'deploy');
  await subject.reset();
  const died: string[] = [];
  const doesNotStart: string[] = [];
  const starts = new Map<string, boolean>();

  for (const call of calls) {
    if (await diesAt(subject, call)) died.push(call.text);
    const state = await stateOf(subject);
    if (!starts.has(state)) {
      starts.set(state, await restartServes(subject));
      await recover(subject);
      await expectMended(subject);
      await expectDeployable(subject);
    }
    if (starts.get(state) === false) doesNotStart.push(call.text);
    await subject.reset();
  }

  // journal and receipt, and the calls for each file: fewer calls mean that the recording is incomplete
  expect(calls.length).toBeGreaterThan(10 + 15 * subject.site.liveFiles.length);
  expect(died.length).toBeGreaterThan(calls.length * 0.9);
  // about half of the calls change what is on disk: fewer states mean that the comparison is too coarse
  expect(starts.size).toBeGreaterThan(calls.length / 4);
  expect(doesNotStart).toEqual(window === null ? [] : [expect.stringMatching(window)]);
  console.info(
    `killed at ${died.length} of ${calls.length} file-changing calls, which left ${starts.size} states; does not start at: ${doesNotStart}`,
  );
}

/**
 * Kills a renewal at this call. The recorded run may have polled more often than this one, so the number of the call can be
 * too high: then the renewal is repeated with a lower one. False if none of them killed it.
 */
async function diesAt(subject: Subject, call: Call): Promise<boolean> {
  for (const earlier of [0, 1, 2, 4, 8]) {
    if (earlier > 0) await subject.reset();
    const nth = Math.max(1, call.nth - earlier);
    if ((await subject.run('deploy', killAt({ ...call, nth }))).line === null) return true;
  }
  return false;
}

async function killMendings(subject: Subject, { window }: KilledPromise): Promise<void> {
  const halfDone = worstOf(await recordedCalls(subject, 'deploy'), subject.site, window);
  await subject.reset();
  await subject.run('deploy', killAt(halfDone));
  const killed = saveHost(subject);
  const calls = await recordedCalls(subject, 'inspect');
  const repaired = new Set<string>();

  for (const call of calls) {
    await subject.reset();
    killed.restore();
    expect(isPair(subject.site)).toBe(window === null);
    await subject.run('inspect', killAt(call));
    const state = await stateOf(subject);
    if (repaired.has(state)) continue;
    repaired.add(state);
    await recover(subject);
    await expectMended(subject);
    expect(fingerprintOnDisk(subject.site)).toBe(subject.old.fingerprint);
    await expectDeployable(subject);
  }

  expect(calls.length).toBeGreaterThan(10);
  expect(repaired.size).toBeGreaterThan(calls.length / 4);
  console.info(
    `the mending run was killed at ${calls.length} file-changing calls, which left ${repaired.size} states`,
  );
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

/** Expects that a deployment succeeds after the repair, once for each state that repairs leave. */
async function expectDeployable(subject: Subject): Promise<void> {
  const { site, old, deploy, deployedFrom } = subject;
  const state = await stateOf(subject);
  if (deployedFrom.has(state)) return;
  if ((await servedOrNull(site)) === null) {
    await site.stop();
    await site.start();
  }
  const line = await deploy(old);
  expect(['applied', 'unchanged']).toContain(line.outcome);
  deployedFrom.add(state);
}

/** All that the next run and the daemon find: what the daemon serves, and the files without values that differ in every run. */
async function stateOf(subject: Subject): Promise<string> {
  return `${await servedOrNull(subject.site)}\n${stateOfHost(subject)}`;
}

/** The leaf that the daemon serves. Null if it does not answer. */
function servedOrNull(site: Site): Promise<string | null> {
  return site.served().catch(() => null);
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
