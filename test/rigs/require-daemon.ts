import { delimiter, join } from 'node:path';
import { describe } from 'vitest';
import { isExecutable } from '../../core/paths/is-executable.ts';

/** Whether a program is on the PATH of a root shell. */
export function isInstalled(program: string): boolean {
  return fileOf(program) !== undefined;
}

/** The file of a program on the PATH of a root shell. */
export function fileOf(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

/**
 * A `describe` for tests with requirements on the machine. If one is missing, the tests are skipped and their title has the
 * reason. With CERTFERRY_REQUIRE_DAEMONS=1 (CI) they fail instead.
 */
export function describeWith(needs: readonly Need[], title: string, tests: () => void): void {
  // listing the tests requires nothing of the machine (test/contract/matrix.test.ts)
  const isListing = process.env.CERTFERRY_LIST_TESTS === '1';
  const missing = isListing ? [] : needs.filter((need) => !need.met()).map((need) => need.name);
  if (missing.length === 0) {
    describe(title, tests);
    return;
  }
  if (process.env.CERTFERRY_REQUIRE_DAEMONS === '1') {
    throw new Error(`CERTFERRY_REQUIRE_DAEMONS=1, but "${title}" lacks: ${missing.join(', ')}`);
  }
  describe.skip(`${title} (skipped: needs ${missing.join(', ')})`, tests);
}

export interface Need {
  readonly name: string;
  met(): boolean;
}

/** A program from a Debian package. */
export function program(name: string, debianPackage = name): Need {
  return { name: `${name} (apt-get install ${debianPackage})`, met: () => isInstalled(name) };
}

/** Mount namespaces and changes of ownership need root. */
export const root: Need = { name: 'root', met: () => process.getuid?.() === 0 };
