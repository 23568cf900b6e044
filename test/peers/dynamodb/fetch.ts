import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fetchJars } from '../maven.ts';
import { jars } from './start.ts';

/** Before the tests: lets Maven fetch DynamoDB Local, pinned in `pom.xml`, where it is not there yet. Needs mvn and Java 17. */
export default function setup(): void {
  fetchJars(join(import.meta.dirname, 'pom.xml'), jars, nameNativeLibraries);
}

/** Java looks for a native library by its name without a version. */
function nameNativeLibraries(): void {
  for (const name of readdirSync(jars)) {
    const plain = name.replace(/-[\d.]+(\.(so|dylib))$/, '$1');
    if (plain !== name) copyFileSync(join(jars, name), join(jars, plain));
  }
}
