import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineName } from './branches.ts';

/** By machine and scenario: what it goes through. Written by `node scripts/record-scenarios.ts`. */
export type Taken = Readonly<Record<MachineName, Readonly<Record<string, readonly string[]>>>>;

export const takenFile = join(import.meta.dirname, 'taken.json');
export const readTaken = () => JSON.parse(readFileSync(takenFile, 'utf8')) as Taken;

/** Where scenarios leave what they took, when the file is written anew. */
export const recordingVariable = 'CERTFERRY_TAKEN_FOLDER';
