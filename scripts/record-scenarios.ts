/**
 * Runs the scenarios of both state machines, records the transitions of each scenario in test/scenarios/taken.json, and writes
 * the coverage tables of test/scenarios/coverage.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coveragePage, pageWithCoverage } from '../test/scenarios/coverage.ts';
import { recordingVariable, type ScenarioPaths, takenFile } from '../test/scenarios/taken.ts';

const root = join(import.meta.dirname, '..');

interface Recording {
  readonly machine: keyof ScenarioPaths;
  readonly scenario: string;
  readonly taken: readonly string[];
}

function runScenarios(folder: string): void {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/scenarios', '-t', ', when '], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, [recordingVariable]: folder },
  });
  if (status !== 0)
    throw new Error('A scenario failed, so no file was written. Fix the scenario and run the script again.');
}

const folder = mkdtempSync(join(tmpdir(), 'certferry-taken-'));
try {
  runScenarios(folder);
  const recordings = readdirSync(folder).map(
    (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording,
  );
  const of = (machine: keyof ScenarioPaths) =>
    Object.fromEntries(
      recordings
        .filter((one) => one.machine === machine)
        .sort((one, other) => (one.scenario < other.scenario ? -1 : 1))
        .map(({ scenario, taken }) => [scenario, taken]),
    );
  const taken: ScenarioPaths = { 'deploy-target': of('deploy-target'), rollout: of('rollout') };
  writeFileSync(takenFile, `${JSON.stringify(taken, null, 2)}\n`);
  writeFileSync(coveragePage, pageWithCoverage(readFileSync(coveragePage, 'utf8')));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
