import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jars } from './start.ts';

/** Before the tests: lets Maven fetch DynamoDB Local, pinned in `pom.xml`, where it is not there yet. Needs mvn and Java 17. */
export default function setup(): void {
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
  nameNativeLibraries();
  writeFileSync(receipt, wanted);
}

/** Java looks for a native library by its name without a version. */
function nameNativeLibraries(): void {
  for (const name of readdirSync(jars)) {
    const plain = name.replace(/-[\d.]+(\.(so|dylib))$/, '$1');
    if (plain !== name) copyFileSync(join(jars, name), join(jars, plain));
  }
}
