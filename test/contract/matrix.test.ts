import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadedDaemons, loadedPeers } from '../rigs/load/daemons.ts';
import { claimedPromises, pageWithMatrix, readMatrixPage } from './matrix.ts';
import { matrixRows } from './matrix-rows.ts';
import { contractTitles } from './proofs.ts';

const root = join(import.meta.dirname, '../..');
const suite = 'contract of connectors: ';

/** Full names of the tests that vitest finds, `suite > test`. */
function listedTests(): string[] {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const config = join(import.meta.dirname, 'listing.config.ts');
  const options = ['list', '--config', config, '--root', root, '--no-static-parse', '--json'];
  // with this variable a missing daemon is no failure: only the test names matter here
  const env = { PATH: process.env.PATH, CERTFERRY_LIST_TESTS: '1' };
  const { stdout, stderr } = spawnSync(process.execPath, [vitest, ...options], { encoding: 'utf8', env });
  if (!stdout.startsWith('[')) throw new Error(`vitest list failed: ${stderr}`);
  return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
}

/** Whether a test is in the suite of this title, which may be skipped because the machine lacks a daemon. */
function inSuite(name: string, title: string): boolean {
  return name.startsWith(`${title} > `) || name.startsWith(`${title} (skipped: needs `);
}

/** Updates of the distribution change the patch level of tested versions, but not their release. */
function withoutPatchLevels(page: string): string {
  return page.replaceAll(/^(\|[^|]*\|[^|]*?\d+\.\d+)[^|]* \|/gm, '$1 |');
}

describe('daemon matrix', () => {
  let listed: string[] = [];

  beforeAll(() => {
    listed = listedTests();
  });

  test('The daemon matrix is on its page as the connectors and the daemons here have it', () => {
    const page = readMatrixPage();

    expect(withoutPatchLevels(page), 'run node scripts/write-matrix.ts').toBe(
      withoutPatchLevels(pageWithMatrix(page)),
    );
  });

  test.each(matrixRows.map((row) => [row.daemon.title, row] as const))(
    'The daemon matrix claims of %s only what a test proves',
    (title, row) => {
      const unproven = claimedPromises(row).filter(
        (promise) =>
          !listed.some((name) => inSuite(name, suite + title) && name.endsWith(contractTitles[promise])),
      );

      expect(unproven).toEqual([]);
    },
  );

  test.each([...loadedDaemons, ...loadedPeers].map(({ daemon }) => daemon.title))(
    'Kinds that are marked hitless in the matrix have a test under load: %s',
    (title) => {
      expect(listed.filter((name) => inSuite(name, `under load: ${title}`))).toHaveLength(1);
    },
  );

  test('The daemon matrix leaves out no daemon that passes the contract', () => {
    const titles = matrixRows.map(({ daemon }) => daemon.title);
    const unlisted = listed
      .filter((name) => name.startsWith(suite) && !name.includes('(a stand-in '))
      // docs/containers.md describes the same daemon in a container
      .filter((name) => !name.includes(' in a container of '))
      .filter((name) => !titles.some((title) => inSuite(name, suite + title)));

    expect(unlisted).toEqual([]);
  });
});
