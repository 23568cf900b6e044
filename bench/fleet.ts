/**
 * `npm run bench:fleet [hosts]`: rollouts to 200 simulated hosts, each with a folder and a TLS server, by the built command
 * line. The five scenes cover success, tolerated failures, rollback, SIGKILL with resume, and a repeated version. Each scene
 * checks the served certificates, the files and the receipts of the agents. Exits with 1 if a check fails.
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
// a host of the last wave, after many others of that wave
const stuckAt = Math.floor(size * 0.68);
const stuck = fleet.hosts[stuckAt];
if (stuck === undefined) throw new Error(`${size} hosts are too few: pass at least 2`);
let passed = true;

try {
  console.log(
    `Node ${process.version}, ${cpus().length} processors; ${size} hosts, each with a TLS server; ${stuck.id} fails`,
  );
  const [first, second, third, fourth] = [await issue(), await issue(), await issue(), await issue()];
  await firstVersion(first);
  await tolerated(first, second);
  await rolledBack(third);
  await killedAndResumed(fourth);
  await repeated(fourth);
} finally {
  fleet.close();
  rmSync(folder, { recursive: true, force: true });
}
console.log(passed ? '\nAll checks passed.' : '\nSome checks FAILED: see above.');
if (!passed) process.exitCode = 1;

async function firstVersion(version: IssuedCertificate): Promise<void> {
  const run = await scene('a  first version on all hosts', () => fleet.rollout(version));
  expectEnd(run, 'finished', 0);
  expect(`${size} servers serve the version`, await serving(version), size);
}

async function tolerated(before: IssuedCertificate, version: IssuedCertificate): Promise<void> {
  if (stuck !== undefined) stuck.isStuck = true;
  const run = await scene('b  renewal: one host fails, one failure is tolerated', () =>
    fleet.rollout(version, '--tolerated-failures', '1'),
  );
  expectEnd(run, 'finished_with_failures', 17);
  expect('rolled back on its host', countOf(run.waves, 'rolled_back'), 1);
  expect('servers that serve the new version', await serving(version), size - 1);
  expect('the failed host serves the previous version', await stuck?.served(), before.fingerprint);
}

async function rolledBack(version: IssuedCertificate): Promise<void> {
  const [served, files] = [await fleet.served(), fleet.hosts.map((host) => host.files())];
  const run = await scene(
    'c  renewal: the same host fails, no failure is tolerated, all targets are rolled back',
    () => fleet.rollout(version, '--tolerated-failures', '0', '--on-halt', 'rollback'),
  );
  expectEnd(run, 'rolled_back', 13);
  const changed = countOf(run.waves, 'deployed');
  console.log(
    `   ${changed} deployed, ${countOf(run.waves, 'rolled_back')} failed, ${countOf(run.waves, 'skipped')} not started`,
  );
  expect('rolled back', countOf(run.waves, 'rolled back'), changed);
  expect('newest wave first', newestFirst(run.waves), true);
  expect('servers with the previous certificate', same(await fleet.served(), served), size);
  expect(
    'folders with the previous files, byte for byte',
    same(
      fleet.hosts.map((host) => host.files()),
      files,
    ),
    size,
  );
}

async function killedAndResumed(version: IssuedCertificate): Promise<void> {
  if (stuck !== undefined) stuck.isStuck = false;
  const killed = await scene('d  renewal: SIGKILL during the last wave', () =>
    fleet.killed(version, Math.floor(size * 0.6)),
  );
  expect('exit code (none after SIGKILL)', killed.code, null);
  expect('outcome (none after SIGKILL)', killed.outcome, '(none)');
  console.log(`   ${countOf(killed.waves, 'deployed')} were deployed before`);
  const run = await scene('   resumed by another process', () => fleet.resume(killed.id, version));
  expectEnd(run, 'finished', 0);
  expect('servers that serve the version', await serving(version), size);
  const applied = fleet.applied(version);
  expect('hosts whose agent installed it exactly once', applied.filter((times) => times === 1).length, size);
  expect(
    'installations in total',
    applied.reduce((sum, times) => sum + times, 0),
    size,
  );
}

async function repeated(version: IssuedCertificate): Promise<void> {
  const run = await scene('e  the same version again', () => fleet.rollout(version));
  expectEnd(run, 'already_rolled_out', 0);
  expect('servers that serve the version', await serving(version), size);
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

function expectEnd({ outcome, code }: FleetRun, expected: string, exitCode: number): void {
  expect('outcome', outcome, expected);
  expect('exit code', code, exitCode);
}

function expect(what: string, actual: unknown, expected: unknown): void {
  const isEqual = actual === expected;
  passed &&= isEqual;
  console.log(
    `   ${isEqual ? 'ok    ' : 'FAILED'} ${what}: ${actual}${isEqual ? '' : `, expected ${expected}`}`,
  );
}

async function serving({ fingerprint }: IssuedCertificate): Promise<number> {
  return (await fleet.served()).filter((one) => one === fingerprint).length;
}

function same<Value>(ones: readonly Value[], others: readonly Value[]): number {
  return ones.filter((one, index) => one === others[index]).length;
}
