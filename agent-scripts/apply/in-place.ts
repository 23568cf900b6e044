import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Repair } from '../../core/deployment/agent-line.ts';
import { requireTrustedPath } from '../../core/paths/path-reader.ts';
import { manualActivation } from '../activations/activation.ts';
import type { Change } from '../change/change.ts';
import { withPreviousFromMemory } from '../change/daemon-memory.ts';
import type { PlannedChange } from '../change/plan.ts';
import { copyOf } from '../files/copies.ts';
import { digestOf } from '../host/digest.ts';
import type { Home } from '../host/home.ts';
import { rememberKeysIn } from '../host/known-keys.ts';
import type { Receipt } from '../journal/receipt.ts';

/**
 * Recognises a deployment in place: the live files already have the version, because another program, such as certbot,
 * writes the same files that certferry reads. The files on disk are then not the previous version. That is the version of
 * the last receipt, if the home or a link's former target still has its content. Otherwise it is unknown.
 */
export function withRecordedPrevious(
  home: Home,
  planned: PlannedChange,
  installed: Receipt | null,
): PlannedChange {
  const { change } = planned;
  if (!isInPlace(change, installed)) return withCopiesLike(planned, installed);
  const recorded = readInstalled(home, change, installed);
  if (recorded === null) {
    return {
      ...planned,
      change: { ...change, inPlace: 'unknown', copies: true, previousVersion: null },
      warnings: [...planned.warnings, unknownWarning],
    };
  }
  for (const text of recorded.values()) rememberKeysIn(text);
  const files = change.files.map((file) => withPreviousFromMemory(file, recorded));
  const previousVersion = installed?.line.version ?? null;
  return {
    ...planned,
    change: { ...change, files, inPlace: 'recorded', copies: true, previousVersion },
    daemonMemory: new Map([...planned.daemonMemory, ...recorded]),
  };
}

/** Once a target was deployed in place, each later deployment keeps a copy of what it installs. */
export function withCopiesLike(planned: PlannedChange, installed: Receipt | null): PlannedChange {
  if (installed?.change?.copies !== true) return planned;
  return { ...planned, change: { ...planned.change, copies: true } };
}

const unknownWarning =
  'deployed in place: the files already had this version. No receipt on this host has the previous one, so there is nothing to roll back to';

/** The reason why a deployment in place cannot be reversed. */
export const unknownPrevious =
  'the previous files are not known: the deployment was in place, and no receipt on this host has them; the files keep the new version';

/** The only command that may help after a deployment in place without a known previous version. */
export function repairInPlace({ activate }: Pick<Change, 'activate'>): Repair {
  return { files: [], commands: activate === null ? [] : [manualActivation(activate)] };
}

/** The warning after a rollback in place, which replaces the only other copy of the new version. */
export function replacedInPlaceWarnings(home: Home, change: Change): string[] {
  if (change.inPlace !== 'recorded') return [];
  const paths = change.files.filter(({ role }) => role !== 'trigger').map(({ path }) => path);
  const folder = home.target(change.targetId).copies(change.deploymentId);
  return [
    `deployed in place: ${paths.join(', ')} now contain the previous version; the new version is kept in ${folder}`,
  ];
}

function isInPlace({ version, previousVersion }: Change, installed: Receipt | null): boolean {
  const isOnDisk = previousVersion?.fingerprint === version.fingerprint;
  return isOnDisk && installed?.line.version?.fingerprint !== version.fingerprint;
}

/**
 * The content of the files of the last receipt, by the path of the new change. Null if a file is missing or was changed,
 * or if the certificate has expired: an expired certificate is never restored over a valid one.
 */
function readInstalled(
  home: Home,
  change: Change,
  installed: Receipt | null,
): ReadonlyMap<string, Buffer> | null {
  const old = installed?.change ?? null;
  if (old === null || hasExpired(old.version)) return null;
  const texts = new Map<string, Buffer>();
  for (const [position, { role, path }] of change.files.entries()) {
    if (role === 'trigger') continue;
    const text = readInstalledFile(home, old, indexIn(old, change, position));
    if (text === null) return null;
    texts.set(path, text);
  }
  return texts;
}

const hasExpired = ({ notAfter }: Change['version']): boolean => notAfter * 1000 <= Date.now();

/** The index of the file with the same purpose in an earlier change. Its path may differ: certbot numbers its files. */
function indexIn(old: Change, change: Change, position: number): number {
  const { role } = change.files[position] ?? {};
  const nth = change.files.slice(0, position).filter((file) => file.role === role).length;
  const same = [...old.files.keys()].filter((index) => old.files[index]?.role === role);
  return same[nth] ?? -1;
}

/** First the copy, then the file itself: certbot keeps it when it changes the link. */
function readInstalledFile(home: Home, old: Change, index: number): Buffer | null {
  const file = old.files[index];
  if (file === undefined) return null;
  const contents = [readIfExists(copyOf(home, old, index)), readFormerFile(old, file.path)];
  return contents.find((bytes) => bytes !== null && digestOf(bytes) === file.digest) ?? null;
}

/** A `fileUser` could have replaced the former file by a pipe, so that file is not read. */
function readFormerFile({ fileUser }: Change, path: string): Buffer | null {
  return fileUser === undefined && isTrusted(dirname(path)) ? readIfExists(path) : null;
}

function isTrusted(folder: string): boolean {
  try {
    requireTrustedPath('the folder', folder);
    return true;
  } catch {
    return false;
  }
}

function readIfExists(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null; // the previous version is then unknown
  }
}
