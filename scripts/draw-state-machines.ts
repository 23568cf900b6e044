/** Writes docs/images and the tables of docs/states.md from the state machine files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writtenFiles } from '../test/repository/state-machine-docs.ts';

for (const { path, text } of writtenFiles()) writeFileSync(join(import.meta.dirname, '..', path), text);
