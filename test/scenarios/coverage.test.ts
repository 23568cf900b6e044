import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { coveragePage, pageWithCoverage } from './coverage.ts';

test('test/scenarios/coverage.md lists the states and entries that each scenario takes', () => {
  const page = readFileSync(coveragePage, 'utf8');

  expect(page, 'run node scripts/record-scenarios.ts').toBe(pageWithCoverage(page));
});
