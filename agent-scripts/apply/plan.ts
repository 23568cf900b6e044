import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { factsOfPem, lostNames } from '../../core/certificate/facts.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { noted } from './activation.ts';
import type { Change, ChangedFile } from './change.ts';
import { resolveDestination } from './destination.ts';
import { digestOf } from './digest.ts';
import { temporaryBeside } from './durable.ts';
import { asHeld, type Held, heldByDaemon } from './held.ts';
import type { Home } from './home.ts';
import { metadataOf, resolveOwnership } from './ownership.ts';
import { holdsLeaf, type WantedChange, type WantedFile } from './wanted.ts';

/** A change that has met the host, with the bytes that will be written (in memory only, in the order of `files`). */
export interface PlannedChange {
  readonly change: Change;
  readonly contents: readonly Buffer[];
  /** What has to be kept for an undoing because no file says it. In memory only. */
  readonly held: Held;
  readonly warnings: readonly string[];
}

/** What the plan carries along unchanged from the target. */
export type ChangePolicy = Pick<Change, 'commandTimeoutSeconds' | 'backupRetention' | 'verify'>;

/**
 * Follows links, looks up users, and compares with what is there. Touches nothing.
 * @throws CertferryError PlanInvalid, UnknownOwner, DaemonUnreachable
 */
export async function planChange(
  home: Home,
  header: JobHeader,
  wanted: WantedChange,
  version: VersionFacts,
  { commandTimeoutSeconds, backupRetention, verify }: ChangePolicy,
): Promise<PlannedChange> {
  const contents = wanted.files.map(contentOf);
  const held = await heldByDaemon(wanted.activate, commandTimeoutSeconds);
  const files = wanted.files.map((file, index) =>
    asHeld(planFile(home, header, file, contents[index] ?? Buffer.alloc(0), index), held),
  );
  refuseSharedDestination(files);
  const installed = readInstalledCertificate(files, held);
  return {
    change: {
      deploymentId: header.deploymentId,
      targetId: header.targetId,
      fence: header.fence,
      files,
      activate: wanted.activate === null ? null : await noted(wanted.activate, commandTimeoutSeconds),
      validate: wanted.validate === null ? null : [...wanted.validate],
      shadow: wanted.shadow === null ? null : [...wanted.shadow],
      commandTimeoutSeconds,
      backupRetention,
      verify,
      version,
      previousVersion: installed === null ? null : factsOfPem(installed),
    },
    contents,
    held,
    warnings: installed === null ? [] : lostNameWarnings(installed, wanted.files),
  };
}

/** Where the files of a wanted change live, links followed. Throws PlanInvalid. */
export function destinationsOf({ files }: WantedChange): string[] {
  return files.map(({ path }) => resolveDestination(path));
}

function contentOf({ path, content, whenMissing }: WantedFile): Buffer {
  if (content !== null) return Buffer.from(content);
  const found = resolveDestination(path);
  if (existsSync(found)) return readFileSync(found);
  if (whenMissing !== undefined) return Buffer.from(whenMissing);
  throw new CertferryError(
    'PlanInvalid',
    `${path} does not exist; the daemon's configuration has to be there before`,
    {
      details: { path },
    },
  );
}

function planFile(
  home: Home,
  header: JobHeader,
  wanted: WantedFile,
  bytes: Buffer,
  index: number,
): ChangedFile {
  const path = resolveDestination(wanted.path);
  const existing = metadataOf(path);
  return {
    role: wanted.role,
    path,
    staged: temporaryBeside(path),
    backup: join(home.target(header.targetId).backups(header.deploymentId), `${index}-${basename(path)}`),
    digest: digestOf(bytes),
    metadata: resolveOwnership(wanted.explicit, existing, wanted.defaults),
    before: existing === null ? null : { digest: digestOf(readFileSync(path)), metadata: existing },
  };
}

function refuseSharedDestination(files: readonly ChangedFile[]): void {
  const seen = new Map<string, ChangedFile>();
  for (const file of files) {
    const other = seen.get(file.path);
    if (other !== undefined) {
      throw new CertferryError(
        'PlanInvalid',
        `${other.role} and ${file.role} are both to be written to ${file.path}; give each a path of its own`,
        { details: { path: file.path } },
      );
    }
    seen.set(file.path, file);
  }
}

function readInstalledCertificate(files: readonly ChangedFile[], held: Held): string | null {
  const certificate = files.find(holdsLeaf);
  if (certificate === undefined || certificate.before === null) return null;
  return held.get(certificate.path) ?? readFileSync(certificate.path, 'utf8');
}

function lostNameWarnings(installed: string, wanted: readonly WantedFile[]): string[] {
  const next = wanted.find(holdsLeaf)?.content ?? null;
  const lost = next === null ? [] : lostNames(installed, next);
  return lost.length === 0 ? [] : [`the new certificate no longer covers ${lost.join(', ')}`];
}
