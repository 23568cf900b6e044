import { dirname } from 'node:path';
import { stateFolderFull } from '../../base/space-reserve.ts';

/** SQLite's primary result codes: https://sqlite.org/rescode.html. */
export const resultCodes = { busy: 5, readOnly: 8, ioError: 10, corrupt: 11, full: 13, notADatabase: 26 };

const nextSteps: Readonly<Record<number, string>> = {
  [resultCodes.busy]:
    'Another process has written to it for too long: wait until that process ends, then try again.',
  [resultCodes.readOnly]: 'Check owner and mode of the file and its folder.',
  [resultCodes.ioError]: 'Check the disk and its quota, then try again.',
  [resultCodes.corrupt]: 'Use another state folder.',
  [resultCodes.notADatabase]: 'Use another state folder.',
};

/** The primary result code of an error of `node:sqlite`, null of any other error. Extended codes have it in their low byte. */
export function resultCodeOf(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : null;
}

/** Bytes that one transaction takes at most, with its copy in the write-ahead log. */
const transactionBytes = 1024 * 1024;

/** Whether an error of `node:sqlite` reports a full disk. */
export const isDatabaseFull = (error: unknown): boolean => resultCodeOf(error) === resultCodes.full;

/** Names the database, the reason and the next step. `problem`: `cannot be opened`. Without a path: a database in memory. */
export function databaseError(path: string | undefined, problem: string, error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  if (path !== undefined && isDatabaseFull(error)) {
    return stateFolderFull(dirname(path), transactionBytes, `The database ${path} ${problem}: ${reason}`);
  }
  const nextStep = nextSteps[resultCodeOf(error) ?? 0];
  const message = `the database ${path ?? 'in memory'} ${problem}: ${reason}`;
  return new Error(nextStep === undefined ? message : `${message}. ${nextStep}`, { cause: error });
}
