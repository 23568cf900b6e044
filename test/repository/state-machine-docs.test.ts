import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writtenFiles } from './state-machine-docs.ts';

test.each(writtenFiles())('$path shows the state machines as their files define them', ({ path, text }) => {
  const current = readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

  expect(current, 'run node scripts/draw-state-machines.ts').toBe(text);
});
