import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineName } from './branches.ts';

/** The states and entries that each scenario takes, by machine. Written by `node scripts/record-scenarios.ts`. */
export type ScenarioPaths = Readonly<Record<MachineName, Readonly<Record<string, readonly string[]>>>>;

export const takenFile = join(import.meta.dirname, 'taken.json');
export const readTaken = () => JSON.parse(readFileSync(takenFile, 'utf8')) as ScenarioPaths;

/** The variable with the folder in which scenarios record what they take, set by the same script. */
export const recordingVariable = 'CERTFERRY_TAKEN_FOLDER';
