import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'docs/decisions');
const files = globSync('0*.md', { cwd: folder }).sort();
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

const sections = ['Context', 'Decision', 'Consequences', 'How it is checked'];

/** Names with a slash that are no source: build output and packages. */
const notInSource = /^(dist|zod)\//;

/** Title, status and date of a record. */
function factsOf(file: string): { title: string; status: string; date: string } {
  const [, title = ''] = /^# (.*)\n/.exec(read(file)) ?? [];
  const [, status = '', date = ''] = /^Status: (.*) · (\d{4}-\d\d-\d\d)$/m.exec(read(file)) ?? [];
  return { title, status, date };
}

test.each(files)('The decision record %s has a title, a status with date, and its four sections', (file) => {
  const { title, status, date } = factsOf(file);

  expect(title).not.toBe('');
  expect(status).toMatch(/^(accepted|superseded by \[\d{4}\]\(\d{4}-[a-z0-9-]+\.md\))$/);
  expect(date).not.toBe('');
  expect([...read(file).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(sections);
});

test.each(files.filter((file) => factsOf(file).status === 'accepted'))(
  'The accepted decision record %s names files and folders of the repository that exist',
  (file) => {
    const named = [...read(file).matchAll(/`((?:[a-z][a-z-]*\/)+[\w.-]*)`/g)].map(([, path = '']) => path);

    expect(named.filter((path) => !notInSource.test(path) && !existsSync(join(root, path)))).toEqual([]);
  },
);

test.each(files)('The decision record %s refers to no plan outside the repository', (file) => {
  expect(read(file)).not.toMatch(/\b(beyond|in|says) the plan\b|\bthe plan (has|had|lets?|says?)\b/i);
});

test('The index of decisions lists every record with its title, status and date', () => {
  const rows = read('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| ['));

  expect(files.length).toBeGreaterThan(20);
  expect(rows).toEqual(
    files.map((file) => {
      const { title, status, date } = factsOf(file);
      return `| [${file.slice(0, 4)}](${file}) | ${title} | ${status} | ${date} |`;
    }),
  );
});
