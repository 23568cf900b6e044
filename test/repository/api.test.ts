import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatted, inputFiles } from '../../scripts/api-files.ts';

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');

test.each(Object.entries(inputFiles()))('%s has the fields and descriptions of the schemas', (file, text) => {
  expect(read(file), 'run node scripts/write-api.ts').toBe(formatted(text, file));
});
