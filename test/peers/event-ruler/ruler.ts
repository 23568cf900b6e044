import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where the jars are kept, outside the repository. */
const jars = resolve(import.meta.dirname, '../../../node_modules/.cache/certferry-event-ruler');

/** An event pattern and an event, as EventBridge has them. */
export interface Question {
  readonly pattern: unknown;
  readonly event: unknown;
}

/** What AWS's own library says of each: whether it matches, or in words what is wrong with the pattern. Needs mvn, Java 17. */
export function askRuler(questions: readonly Question[]): (boolean | string)[] {
  fetchJars();
  const { status, stdout, stderr, error } = spawnSync(
    'java',
    ['-cp', `${jars}/*`, join(import.meta.dirname, 'Match.java')],
    { input: JSON.stringify(questions), encoding: 'utf8', maxBuffer: 1 << 24 },
  );
  if (status !== 0) throw new Error(`Event Ruler did not answer: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}

/** Lets Maven fetch what `pom.xml` pins, where it is not there yet. */
function fetchJars(): void {
  const pom = join(import.meta.dirname, 'pom.xml');
  const wanted = readFileSync(pom, 'utf8');
  const receipt = join(jars, 'fetched.xml');
  if (existsSync(receipt) && readFileSync(receipt, 'utf8') === wanted) return;
  rmSync(jars, { recursive: true, force: true });
  const { status, error } = spawnSync(
    'mvn',
    ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`],
    { stdio: 'inherit' },
  );
  if (status !== 0) throw new Error(`mvn could not fetch ${pom}: ${error?.message ?? `exit ${status}`}`);
  writeFileSync(receipt, wanted);
}
