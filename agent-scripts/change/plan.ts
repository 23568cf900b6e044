import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { listNames } from '../../core/bounds/list-names.ts';
import { factsOfPem, lostNames } from '../../core/certificate/facts.ts';
import type { Baseline } from '../../core/deployment/baseline.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { withBaseline } from '../activations/activation.ts';
import {
  type CertificateInFile,
  containsLeaf,
  type DesiredChange,
  type DesiredFile,
} from '../connectors/desired-change.ts';
import { resolveDestination } from '../host/destination.ts';
import { digestOf } from '../host/digest.ts';
import { temporaryBeside } from '../host/durable-files.ts';
import { type FileUser, findFileUser, withFileUser } from '../host/file-user.ts';
import type { Home } from '../host/home.ts';
import { rememberKeysIn } from '../host/known-keys.ts';
import { type DefaultOwnership, metadataOf, resolveOwnership } from '../host/ownership.ts';
import { findStartProblem } from '../host/run-command.ts';
import { activationContext } from './activate-change.ts';
import type { Change, ChangedFile } from './change.ts';
import { requireVisibleInContainer } from './container-files.ts';
import { type DaemonMemory, readDaemonMemory, withPreviousFromMemory } from './daemon-memory.ts';
import { rememberKeysOf } from './keys-of-change.ts';
import { keyReaderOf, readableBy, unreadableKeyWarnings } from './nginx-workers.ts';
import { sharedPortWarnings } from './shared-port.ts';

/** A change planned for this host. `contents` are the bytes to write, in the order of `files`; they stay in memory. */
export interface PlannedChange {
  readonly change: Change;
  readonly contents: readonly Buffer[];
  /** What staging must back up because no file contains it. Stays in memory. */
  readonly daemonMemory: DaemonMemory;
  /** Standard input of `change.validate`. Stays in memory. */
  readonly validateInput?: string | undefined;
  readonly warnings: readonly string[];
  /** What the endpoint served to this host before the change. Null or omitted: not probed. */
  readonly baseline?: Baseline | null;
}

/** The fields that the plan copies from the target. */
export type ChangePolicy = Pick<Change, 'commandTimeoutSeconds' | 'backupRetention' | 'verify'>;

/**
 * Resolves links, users and groups, and compares the desired files with the installed ones. Changes nothing. From now on,
 * output with part of the new or previous key is withheld.
 * @throws CertferryError PlanInvalid, UntrustedPath, UnknownOwner, DaemonUnreachable, CredentialRefused
 */
export async function planChange(
  home: Home,
  header: JobHeader,
  desired: DesiredChange,
  version: VersionFacts,
  { commandTimeoutSeconds, backupRetention, verify }: ChangePolicy,
): Promise<PlannedChange> {
  const user = findFileUser(desired.fileUser);
  const keyReader = await keyReaderOf(desired, commandTimeoutSeconds);
  const context = activationContext(commandTimeoutSeconds, user);
  const planned = withFileUser(user, () => desired.files.map(contentOf));
  const contents = planned.map(({ bytes }) => bytes);
  const daemonMemory = await readDaemonMemory(desired.activate, context, user);
  const files = withFileUser(user, () =>
    desired.files.map((file, index) =>
      withPreviousFromMemory(
        planFile(home, header, {
          file: readableBy(keyReader, file),
          content: planned[index] ?? { bytes: Buffer.alloc(0) },
          index,
          user,
        }),
        daemonMemory,
      ),
    ),
  );
  await requireVisibleInContainer(desired.activate, files, context);
  for (const content of [...contents, ...daemonMemory.values()]) rememberKeysIn(content);
  rememberKeysOf(files, user);
  refuseSharedDestination(files);
  const installed = withFileUser(user, () => readInstalled(files, daemonMemory));
  const certificateIn = desired.certificateIn ?? certificateInPem;
  const before = installed === null ? null : certificateIn(installed);
  for (const key of before?.keys ?? []) rememberKeysIn(key);
  const next = contents[files.findIndex(containsLeaf)];
  const validate = runnableCheck(desired);
  return {
    change: {
      deploymentId: header.deploymentId,
      targetId: header.targetId,
      fence: header.fence,
      ...(user !== null && { fileUser: user }),
      files,
      activate: desired.activate === null ? null : await withBaseline(desired.activate, context),
      validate,
      ...(desired.validateInput !== undefined && { validateInput: true }),
      sandbox: desired.sandbox === null ? null : [...desired.sandbox],
      commandTimeoutSeconds,
      backupRetention,
      verify,
      version,
      previousVersion: before?.version ?? null,
    },
    contents,
    daemonMemory,
    validateInput: desired.validateInput,
    warnings: [
      ...(next === undefined ? [] : lostNameWarnings(before?.pem ?? null, certificateIn(next).pem)),
      ...files
        .filter(({ role }) => role === 'privateKey')
        .flatMap(({ path, metadata }) => unreadableKeyWarnings(keyReader, path, metadata)),
      ...sharedPortWarnings(verify),
    ],
  };
}

/**
 * Paths of the files of a change, with symbolic links resolved.
 * @throws CertferryError PlanInvalid, UntrustedPath, UnknownOwner
 */
export function destinationsOf({ files, fileUser }: DesiredChange): string[] {
  return withFileUser(findFileUser(fileUser), () => files.map(({ path }) => resolveDestination(path)));
}

/** `existing`: what a merged file was computed from. */
interface PlannedContent {
  readonly bytes: Buffer;
  readonly existing?: Buffer | null;
}

function contentOf({ path, content, contentIfMissing, merge }: DesiredFile): PlannedContent {
  const file = resolveDestination(path);
  if (merge !== undefined) {
    const existing = existsSync(file) ? readFileSync(file) : null;
    return { bytes: merge(existing), existing };
  }
  if (content !== null) return { bytes: Buffer.from(content) };
  if (existsSync(file)) return { bytes: readFileSync(file) };
  if (contentIfMissing !== undefined) return { bytes: Buffer.from(contentIfMissing) };
  throw new CertferryError(
    'PlanInvalid',
    `${path} does not exist; create this configuration file of the daemon before you deploy`,
    {
      details: { path },
    },
  );
}

/** A file of the plan: its bytes, its position, and the `fileUser`. */
interface FileToPlan {
  readonly file: DesiredFile;
  readonly content: PlannedContent;
  readonly index: number;
  readonly user: FileUser | null;
}

function planFile(
  home: Home,
  header: JobHeader,
  { file: desired, content: { bytes, existing: base = null }, index, user }: FileToPlan,
): ChangedFile {
  const path = resolveDestination(desired.path);
  const existing = metadataOf(path);
  if (user !== null && existing !== null && existing.uid !== user.uid) throw notOwnedBy(user, path);
  return {
    role: desired.role,
    path,
    ...(path !== desired.path && { configured: desired.path }),
    staged: temporaryBeside(path),
    backup: join(home.target(header.targetId).backups(header.deploymentId), `${index}-${basename(path)}`),
    digest: digestOf(bytes),
    ...(desired.merged === true || desired.merge !== undefined ? { merged: true as const } : {}),
    metadata: resolveOwnership(desired.explicit, existing, defaultsFor(desired, user)),
    previous: existing === null ? null : { digest: digestOf(base ?? readFileSync(path)), metadata: existing },
  };
}

/** A user cannot create files of another user, so neither a new file nor a restored one could get its owner. */
function notOwnedBy({ name }: FileUser, path: string): CertferryError {
  return new CertferryError(
    'PlanInvalid',
    `${path} does not belong to fileUser ${name}, so a rollback could not restore its owner; run: chown ${name} '${path}'`,
    { details: { path, fileUser: name } },
  );
}

/** New files of a `fileUser` belong to that user, and only that user can read a key. */
function defaultsFor({ role, defaults }: DesiredFile, user: FileUser | null): DefaultOwnership {
  if (user === null) return defaults;
  const mode = role === 'privateKey' || role === 'combined' ? 0o600 : defaults.mode;
  return { mode, owners: [], groups: [] };
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

function readInstalled(files: readonly ChangedFile[], memory: DaemonMemory): Buffer | null {
  const certificate = files.find(containsLeaf);
  if (certificate === undefined || certificate.previous === null) return null;
  return memory.get(certificate.path) ?? readFileSync(certificate.path);
}

function certificateInPem(bytes: Buffer): CertificateInFile {
  const pem = bytes.toString('utf8');
  return { version: factsOfPem(pem), pem, keys: [] };
}

/** A check with a secret input is one of certferry's own choice, so it is left out if its program is missing. */
function runnableCheck({ validate, validateInput }: DesiredChange): string[] | null {
  if (validate === null) return null;
  const isMissing = validateInput !== undefined && findStartProblem(validate) !== null;
  return isMissing ? null : [...validate];
}

/** One warning has room for them. */
const shownNames = { names: 5, bytes: 450 };

function lostNameWarnings(installed: string | null, next: string | null): string[] {
  const lost = installed === null || next === null ? [] : lostNames(installed, next);
  return lost.length === 0 ? [] : [`the new certificate no longer covers ${listNames(lost, shownNames)}`];
}
