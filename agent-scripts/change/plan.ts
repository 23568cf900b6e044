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

/** A change that has met the host, with the bytes that will be written (in memory only, in the order of `files`). */
export interface PlannedChange {
  readonly change: Change;
  readonly contents: readonly Buffer[];
  /** What has to be kept for an undoing because no file says it. In memory only. */
  readonly held: DaemonMemory;
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
  wanted: DesiredChange,
  version: VersionFacts,
  { commandTimeoutSeconds, backupRetention, verify }: ChangePolicy,
): Promise<PlannedChange> {
  const contents = wanted.files.map(contentOf);
  const held = await readDaemonMemory(wanted.activate, commandTimeoutSeconds);
  const files = wanted.files.map((file, index) =>
    withPreviousFromMemory(planFile(home, header, file, contents[index] ?? Buffer.alloc(0), index), held),
  );
  refuseSharedDestination(files);
  const installed = readInstalledCertificate(files, held);
  return {
    change: {
      deploymentId: header.deploymentId,
      targetId: header.targetId,
      fence: header.fence,
      files,
      activate: wanted.activate === null ? null : await withBaseline(wanted.activate, commandTimeoutSeconds),
      validate: wanted.validate === null ? null : [...wanted.validate],
      sandbox: wanted.sandbox === null ? null : [...wanted.sandbox],
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
export function destinationsOf({ files }: DesiredChange): string[] {
  return files.map(({ path }) => resolveDestination(path));
}

function contentOf({ path, content, whenMissing }: DesiredFile): Buffer {
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
  wanted: DesiredFile,
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

function readInstalledCertificate(files: readonly ChangedFile[], held: DaemonMemory): string | null {
  const certificate = files.find(containsLeaf);
  if (certificate === undefined || certificate.before === null) return null;
  return held.get(certificate.path) ?? readFileSync(certificate.path, 'utf8');
}

function lostNameWarnings(installed: string, wanted: readonly DesiredFile[]): string[] {
  const next = wanted.find(containsLeaf)?.content ?? null;
  const lost = next === null ? [] : lostNames(installed, next);
  return lost.length === 0 ? [] : [`the new certificate no longer covers ${lost.join(', ')}`];
}
