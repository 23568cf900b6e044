import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** The rows of the table of promises: number, promise, and the test with its file and the start of its title. */
const rows = readFileSync('SECURITY.md', 'utf8')
  .split('<!-- promises -->')[1]
  ?.split('<!-- end of promises -->')[0]
  ?.split('\n')
  .filter((line) => /^\| \d+ \|/.test(line));

test('Each security promise has a number and names a test that exists', () => {
  expect(rows?.length).toBeGreaterThan(20);
  for (const [index, row] of (rows ?? []).entries()) {
    const [, number, , file = '', title = ''] = /^\| (\d+) \| (.+) \| `(.+)` “(.+)” \|$/.exec(row) ?? [];

    expect(number, row).toBe(String(index + 1));
    expect(existsSync(file), row).toBe(true);
    expect(readFileSync(file, 'utf8'), row).toMatch(new RegExp(`['"\`]${title.replaceAll(/[()]/g, '\\$&')}`));
  }
});
