import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Lets Maven fetch into `jars` what `pom` pins, where that is not there yet; `then` finishes what was fetched. Needs mvn.
 * Throws when it could not be fetched.
 */
export function fetchJars(pom: string, jars: string, then: () => void = () => undefined): void {
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
  then();
  writeFileSync(receipt, wanted);
}
