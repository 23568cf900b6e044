import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fetchJars } from '../maven.ts';

/** Where the jars are kept, outside the repository. */
const jars = resolve(import.meta.dirname, '../../../node_modules/.cache/certferry-event-ruler');

/** An event pattern and an event, as EventBridge has them. */
export interface Question {
  readonly pattern: unknown;
  readonly event: unknown;
}

/** What AWS's own library says of each: whether it matches, or in words what is wrong with the pattern. Needs mvn, Java 17. */
export function askRuler(questions: readonly Question[]): (boolean | string)[] {
  fetchJars(join(import.meta.dirname, 'pom.xml'), jars);
  const { status, stdout, stderr, error } = spawnSync(
    'java',
    ['-cp', `${jars}/*`, join(import.meta.dirname, 'Match.java')],
    { input: JSON.stringify(questions), encoding: 'utf8', maxBuffer: 1 << 24 },
  );
  if (status !== 0) throw new Error(`Event Ruler did not answer: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}
