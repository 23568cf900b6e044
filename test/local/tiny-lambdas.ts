import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './scratch.ts';

/** Writes functions as a build would: a folder each. The values are the text of `index.mjs`. */
export function tinyLambdas(sources: Readonly<Record<string, string>>): string {
  const folder = scratch();
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), text);
  }
  return folder;
}
