/**
 * `npm run bench:fleet`: 200 hosts of this machine, each a folder and a TLS server of its own, and the built command line
 * as a process of its own. What is carried, tolerated, halted, put back, killed and resumed is looked at over TLS, in the
 * files and in the agents' receipts. A number as an argument is taken instead of 200. Fails when anything is otherwise.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, type IssuedCertificate } from '../cli/demo/throwaway-ca.ts';
import { type FleetRun, openFleet } from './fleet/fleet.ts';
import { fleetName } from './fleet/fleet-hosts.ts';
import { countOf, newestFirst } from './fleet/rollout-output.ts';

const size = Number(process.argv[2] ?? 200);
const folder = mkdtempSync(join(tmpdir(), 'certferry-fleet-'));
const fleet = await openFleet(size, folder);
const authority = await createAuthority({ name: 'Bench', intermediate: true });
const issue = () => authority.issue({ names: [fleetName] });
// of the last wave, when a good part of it has been changed
const stuckAt = Math.floor(size * 0.68);
const stuck = fleet.hosts[stuckAt];
if (stuck === undefined) throw new Error(`${size} hosts are too few`);
let isAsWanted = true;

try {
  console.log(
    `Node ${process.version}, ${cpus().length} processors; ${size} hosts, each with a TLS server of its own; ${stuck.id} is the one that fails`,
  );
  const [first, second, third, fourth] = [await issue(), await issue(), await issue(), await issue()];
  await firstVersion(first);
  await tolerated(first, second);
  await putBack(third);
  await killedAndResumed(fourth);
  await announcedTwice(fourth);
} finally {
  fleet.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(isAsWanted ? '\nAll as it should be.' : '\nNOT as it should be: see above.');
if (!isAsWanted) process.exitCode = 1;

async function firstVersion(version: IssuedCertificate): Promise<void> {
  const run = await scene('a  a first version everywhere', () => fleet.rollout(version));
  expectEnd(run, 'finished', 0);
  expect(`${size} servers serve it`, await serving(version), size);
}

async function tolerated(before: IssuedCertificate, version: IssuedCertificate): Promise<void> {
  if (stuck !== undefined) stuck.isStuck = true;
  const run = await scene('b  a renewal, one host fails, one failure is tolerated', () =>
    fleet.rollout(version, '--tolerated-failures', '1'),
  );
  expectEnd(run, 'finished_with_failures', 17);
  expect('rolled back on its host', countOf(run.waves, 'rolled_back'), 1);
  expect('servers that serve the new version', await serving(version), size - 1);
  expect('the one that failed serves the old one', await stuck?.served(), before.fingerprint);
}

async function putBack(version: IssuedCertificate): Promise<void> {
  const [served, files] = [await fleet.served(), fleet.hosts.map((host) => host.files())];
  const run = await scene('c  another, the same host fails, none is tolerated, everything goes back', () =>
    fleet.rollout(version, '--tolerated-failures', '0', '--on-halt', 'rollback'),
  );
  expectEnd(run, 'rolled_back', 13);
  const changed = countOf(run.waves, 'deployed');
  console.log(
    `   ${changed} deployed, ${countOf(run.waves, 'rolled_back')} failed, ${countOf(run.waves, 'skipped')} never begun`,
  );
  expect('rolled back', countOf(run.waves, 'rolled back'), changed);
  expect('newest wave first', newestFirst(run.waves), true);
  expect('servers as they were', same(await fleet.served(), served), size);
  expect(
    'folders as they were, byte for byte',
    same(
      fleet.hosts.map((host) => host.files()),
      files,
    ),
    size,
  );
}

async function killedAndResumed(version: IssuedCertificate): Promise<void> {
  if (stuck !== undefined) stuck.isStuck = false;
  const killed = await scene('d  another, killed with SIGKILL in the last wave', () =>
    fleet.killed(version, Math.floor(size * 0.6)),
  );
  expect('exit code (none: it was killed)', killed.code, null);
  expect('outcome (none: nobody said one)', killed.outcome, '(none)');
  console.log(`   ${countOf(killed.waves, 'deployed')} had been deployed`);
  const run = await scene('   and resumed by another process', () => fleet.resume(killed.id, version));
  expectEnd(run, 'finished', 0);
  expect('servers that serve it', await serving(version), size);
  const applied = fleet.applied(version);
  expect('hosts whose agent put it in place once', applied.filter((times) => times === 1).length, size);
  expect(
    'times in all',
    applied.reduce((sum, times) => sum + times, 0),
    size,
  );
}

async function announcedTwice(version: IssuedCertificate): Promise<void> {
  const run = await scene('e  the same again', () => fleet.rollout(version));
  expectEnd(run, 'already_rolled_out', 0);
  expect('servers that serve it', await serving(version), size);
}

async function scene(title: string, play: () => Promise<FleetRun>): Promise<FleetRun> {
  console.log(`\n${title}`);
  const [started, before] = [performance.now(), agentsRun()];
  const run = await play();
  const seconds = (performance.now() - started) / 1000;
  for (const line of [...run.summary, ...run.stderr.trim().split('\n')])
    if (line !== '') console.log(`   | ${line}`);
  const agents = agentsRun() - before;
  const each = agents === 0 ? '' : `, ${((seconds * 1000) / agents).toFixed(0)} ms each`;
  console.log(`   ${seconds.toFixed(1)} s, ${agents} agents run${each}`);
  return run;
}

function agentsRun(): number {
  try {
    return readdirSync(join(folder, 'state/commands')).length;
  } catch {
    return 0;
  }
}

function expectEnd({ outcome, code }: FleetRun, wanted: string, exitCode: number): void {
  expect('outcome', outcome, wanted);
  expect('exit code', code, exitCode);
}

function expect(what: string, seen: unknown, wanted: unknown): void {
  const isSo = seen === wanted;
  isAsWanted &&= isSo;
  console.log(`   ${isSo ? 'ok  ' : 'NOT '} ${what}: ${seen}${isSo ? '' : `, and not ${wanted}`}`);
}

async function serving({ fingerprint }: IssuedCertificate): Promise<number> {
  return (await fleet.served()).filter((one) => one === fingerprint).length;
}

function same<Value>(ones: readonly Value[], others: readonly Value[]): number {
  return ones.filter((one, index) => one === others[index]).length;
}
