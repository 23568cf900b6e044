import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';

/** Whether a program is on the PATH that a root shell has. */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, program)));
}

/**
 * A `describe` for tests that need something of the machine. Where it is missing they are skipped with the reason in
 * their title; with CERTFERRY_REQUIRE_DAEMONS=1 (CI) that is a failure instead.
 */
export function describeWith(needs: readonly Need[], title: string, tests: () => void): void {
  // whoever only wants to know which tests there are asks this machine for nothing (test/contract/matrix.test.ts)
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

/** Mount namespaces and ownership need it. */
export const root: Need = { name: 'root', met: () => process.getuid?.() === 0 };

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
