import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { coveragePage, pageWithCoverage } from './coverage.ts';

test('docs/state-machines.md says what the scenarios go through', () => {
  const page = readFileSync(coveragePage, 'utf8');

  expect(page, 'run node scripts/state-machines.ts').toBe(pageWithCoverage(page));
});
