import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { CertferryError } from '../../core/errors.ts';
import { diskProblem, isFull, missingSpace } from './disk-space.ts';
import { privateFolder, removeIfExists, temporarySuffix, writeDurably } from './durable-files.ts';
import type { Home } from './home.ts';

/**
 * Bytes of the file that keeps space for the records of one deployment and its rollback: journal, receipt, ids of jobs, keys. They
 * take less than half of it.
 */
const reserveBytes = 131_072;

/**
 * Makes sure that the agent's own folder has space to finish or reverse a change, even if the disk is full by then. The space
 * stays reserved between jobs: an undo job must not need a free disk.
 * @throws CertferryError StagingFailed if the disk has too little space for the reserve, or for `bytes` more
 */
export function fillReserve(home: Home, bytes: number): void {
  try {
    if (!isReserved(home.reserve)) writeReserve(home.reserve);
  } catch (error) {
    removeIfExists(home.reserve + temporarySuffix);
    throw unusable(home, missingSpace(home.root, reserveBytes + bytes) ?? problemOf(error));
  }
  const missing = missingSpace(home.root, bytes);
  if (missing !== null) throw unusable(home, missing);
}

/** Reserves the space again if it is free. For a job that must also run on a full disk. */
export function refillReserve(home: Home): void {
  try {
    fillReserve(home, 0);
  } catch {
    // the job uses what is free
  }
}

/** Less free space than this is too little for the result, and for what the program that runs the agent writes. */
const lowBytes = 65_536;

/** Gives the reserve back at the end of a job, because SSM Agent and local mode write the result to a file on the same disk. */
export function releaseIfLow(home: Home): void {
  try {
    if (missingSpace(home.root, lowBytes) !== null) removeIfExists(home.reserve);
  } catch {
    // the result does not depend on it
  }
}

/** Writes a record of the agent's own folder durably. If the disk is full, it uses the reserve. */
export function writeRecord(home: Home, path: string, text: string): void {
  withReserve(home, () => writeDurably(path, text));
}

/** Creates a private folder in the agent's own folder. If the disk is full, it uses the reserve. */
export function privateFolderIn(home: Home, path: string): void {
  withReserve(home, () => privateFolder(path));
}

/** @throws CertferryError StagingFailed for an error of the disk */
function withReserve(home: Home, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isFull(error)) throw unusable(home, problemOf(error), error);
    removeIfExists(home.reserve);
    try {
      write();
    } catch (again) {
      throw unusable(home, problemOf(again), again);
    }
  }
}

/** A sparse or compressed file would reserve nothing. */
function isReserved(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.size >= reserveBytes && stats.blocks * 512 >= reserveBytes;
}

/** Random bytes: a file system may compress others. */
function writeReserve(path: string): void {
  const handle = openSync(path + temporarySuffix, 'w', 0o600);
  try {
    writeFileSync(handle, randomBytes(reserveBytes));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(path + temporarySuffix, path);
}

const problemOf = (error: unknown): string =>
  diskProblem(error) ?? (error instanceof Error ? error.message : String(error));

function unusable({ root }: Home, problem: string, cause?: unknown): CertferryError {
  return new CertferryError('StagingFailed', `the agent cannot write to its folder ${root}: ${problem}`, {
    details: { path: root },
    cause,
  });
}
