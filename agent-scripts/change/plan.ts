import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { factsOfPem, lostNames } from '../../core/certificate/facts.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { withBaseline } from '../activations/activation.ts';
import { containsLeaf, type DesiredChange, type DesiredFile } from '../connectors/desired-change.ts';
import { resolveDestination } from '../host/destination.ts';
import { digestOf } from '../host/digest.ts';
import { temporaryBeside } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { metadataOf, resolveOwnership } from '../host/ownership.ts';
import type { Change, ChangedFile } from './change.ts';
import { type DaemonMemory, readDaemonMemory, withPreviousFromMemory } from './daemon-memory.ts';

/** A change planned for this host. `contents` are the bytes to write, in the order of `files`; they stay in memory. */
export interface PlannedChange {
  readonly change: Change;
  readonly contents: readonly Buffer[];
  /** What staging must back up because no file contains it. Stays in memory. */
  readonly daemonMemory: DaemonMemory;
  readonly warnings: readonly string[];
}

/** The fields that the plan copies from the target. */
export type ChangePolicy = Pick<Change, 'commandTimeoutSeconds' | 'backupRetention' | 'verify'>;

/**
 * Resolves links, users and groups, and compares the desired files with the installed ones. Changes nothing.
 * @throws CertferryError PlanInvalid, UnknownOwner, DaemonUnreachable
 */
export async function planChange(
  home: Home,
  header: JobHeader,
  desired: DesiredChange,
  version: VersionFacts,
  { commandTimeoutSeconds, backupRetention, verify }: ChangePolicy,
): Promise<PlannedChange> {
  const contents = desired.files.map(contentOf);
  const daemonMemory = await readDaemonMemory(desired.activate, commandTimeoutSeconds);
  const files = desired.files.map((file, index) =>
    withPreviousFromMemory(
      planFile(home, header, file, contents[index] ?? Buffer.alloc(0), index),
      daemonMemory,
    ),
  );
  refuseSharedDestination(files);
  const installed = readInstalledCertificate(files, daemonMemory);
  return {
    change: {
      deploymentId: header.deploymentId,
      targetId: header.targetId,
      fence: header.fence,
      files,
      activate:
        desired.activate === null ? null : await withBaseline(desired.activate, commandTimeoutSeconds),
      validate: desired.validate === null ? null : [...desired.validate],
      sandbox: desired.sandbox === null ? null : [...desired.sandbox],
      commandTimeoutSeconds,
      backupRetention,
      verify,
      version,
      previousVersion: installed === null ? null : factsOfPem(installed),
    },
    contents,
    daemonMemory,
    warnings: installed === null ? [] : lostNameWarnings(installed, desired.files),
  };
}

/** Paths of the files of a change, with symbolic links resolved. Throws PlanInvalid. */
export function destinationsOf({ files }: DesiredChange): string[] {
  return files.map(({ path }) => resolveDestination(path));
}

function contentOf({ path, content, contentIfMissing }: DesiredFile): Buffer {
  if (content !== null) return Buffer.from(content);
  const file = resolveDestination(path);
  if (existsSync(file)) return readFileSync(file);
  if (contentIfMissing !== undefined) return Buffer.from(contentIfMissing);
  throw new CertferryError(
    'PlanInvalid',
    `${path} does not exist; create this configuration file of the daemon before you deploy`,
    {
      details: { path },
    },
  );
}

function planFile(
  home: Home,
  header: JobHeader,
  desired: DesiredFile,
  bytes: Buffer,
  index: number,
): ChangedFile {
  const path = resolveDestination(desired.path);
  const existing = metadataOf(path);
  return {
    role: desired.role,
    path,
    staged: temporaryBeside(path),
    backup: join(home.target(header.targetId).backups(header.deploymentId), `${index}-${basename(path)}`),
    digest: digestOf(bytes),
    metadata: resolveOwnership(desired.explicit, existing, desired.defaults),
    previous: existing === null ? null : { digest: digestOf(readFileSync(path)), metadata: existing },
  };
}

function refuseSharedDestination(files: readonly ChangedFile[]): void {
  const seen = new Map<string, ChangedFile>();
  for (const file of files) {
    const other = seen.get(file.path);
    if (other !== undefined) {
      throw new CertferryError(
        'PlanInvalid',
        `${other.role} and ${file.role} have the same path ${file.path}; configure a different path for each`,
        { details: { path: file.path } },
      );
    }
    seen.set(file.path, file);
  }
}

function readInstalledCertificate(files: readonly ChangedFile[], memory: DaemonMemory): string | null {
  const certificate = files.find(containsLeaf);
  if (certificate === undefined || certificate.previous === null) return null;
  return memory.get(certificate.path) ?? readFileSync(certificate.path, 'utf8');
}

function lostNameWarnings(installed: string, desired: readonly DesiredFile[]): string[] {
  const next = desired.find(containsLeaf)?.content ?? null;
  const lost = next === null ? [] : lostNames(installed, next);
  return lost.length === 0 ? [] : [`the new certificate no longer covers ${lost.join(', ')}`];
}
