import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deploymentOutcomes } from '../../core/deployment/outcome.ts';
import { errorNames } from '../../core/errors.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** Names of AWS's own, which no table of ours lists. */
const ofAws = [
  'InternalServerError',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionCanceledException',
  'TransactionConflictException',
];

const page = read('docs/troubleshooting.md');

/** The part of the page under a heading of the second level, its third level included. */
function section(heading: string): string {
  const found = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`docs/troubleshooting.md has no heading "${heading}"`);
  return found;
}

/** The cells of each row whose first cell is a name. */
function rows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => /^\| `\w+` \|/.test(line));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

/** Every name that some state of a machine matches. */
function namesMatched(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesMatched);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'ErrorEquals' ? inner : namesMatched(inner),
  );
}

/** Names that the code throws, or gives as the reason of an outcome. */
function namesGiven(): Set<string> {
  const files = globSync('{core,lambdas,services,agent-scripts,local,account}/**/*.ts', { cwd: root });
  const given = files
    .filter((file) => file !== 'core/errors.ts')
    .flatMap((file) => [...read(file).matchAll(/new CertferryError\(\s*([^,]+),|reason: ([^,;]+)[,;}]/g)])
    .flatMap(([, thrown, reason]) => [...(thrown ?? reason ?? '').matchAll(/'(\w+)'/g)])
    .map(([, name]) => String(name));
  return new Set(given);
}

describe('the table of error names', () => {
  test('The table of error names is what docs/troubleshooting.md lists, with the same advice on repeating', () => {
    const listed = rows(section('Every error name')).map(([name, again]) => [name, again]);

    expect(Object.fromEntries(listed)).toEqual(errorNames);
    expect(listed).toHaveLength(Object.keys(errorNames).length);
  });

  test('The table of error names has a symptom, and what to do, for each name of the page', () => {
    for (const [name, , symptom, , remedy] of rows(section('Every error name'))) {
      expect(
        [symptom, remedy].every((cell) => cell !== undefined && cell.length > 5),
        name,
      ).toBe(true);
    }
  });

  test.each(globSync('cdk/state-machines/*.asl.json', { cwd: root }))(
    'The table of error names knows every name that %s matches',
    (file) => {
      const matched = namesMatched(JSON.parse(read(file)));
      const foreign = matched.filter(
        (name) => !/^(States|Lambda|Sandbox)\./.test(name) && !ofAws.includes(name),
      );

      expect(foreign.length).toBeGreaterThan(0);
      expect(foreign.filter((name) => !Object.hasOwn(errorNames, name))).toEqual([]);
    },
  );

  test('The table of error names contains no unused name', () => {
    const given = namesGiven();

    expect(Object.keys(errorNames).filter((name) => !given.has(name))).toEqual([]);
  });
});

describe('the table of outcomes in docs/troubleshooting.md', () => {
  test('The table of outcomes in docs/troubleshooting.md is every way a deployment ends', () => {
    const listed = rows(section('How deployments end')).map(([outcome]) => outcome);

    expect(listed.sort()).toEqual([...deploymentOutcomes].sort());
  });
});
