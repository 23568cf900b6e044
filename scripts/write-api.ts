/** Writes the types of targets and certificates in cdk/inputs, and docs/api.md. With `--check`, only compares them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiPage, formatted, inputFiles } from './api-files.ts';

const root = join(import.meta.dirname, '..');
const types = Object.entries(inputFiles()).map(([file, text]) => [file, formatted(text, file)] as const);
const isCheck = process.argv.includes('--check');

// the page describes the types, so they are written first
if (!isCheck) for (const [file, text] of types) writeFileSync(join(root, file), text);
for (const [file, text] of [...types, ['docs/api.md', apiPage()] as const]) {
  if (!isCheck) writeFileSync(join(root, file), text);
  else if (readFileSync(join(root, file), 'utf8') !== text) {
    process.stderr.write(`${file} is outdated: run "node scripts/write-api.ts".\n`);
    process.exitCode = 1;
  }
}
