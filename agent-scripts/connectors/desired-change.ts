import type { VersionFacts } from '../../core/deployment/version.ts';
import type { Activation } from '../activations/activation.ts';
import type { DefaultOwnership, ExplicitOwnership } from '../host/ownership.ts';

/**
 * The purpose of a file. `combined` contains certificate and key. `trigger` is a file that a daemon watches: the agent
 * replaces it last, so that the daemon reads the other files once and finds all of them new.
 */
export type FileRole = 'certificate' | 'chain' | 'privateKey' | 'combined' | 'trigger';

/** Owner and mode of new files, for the roles that a kind writes. */
export type RoleDefaults = Readonly<Partial<Record<FileRole, DefaultOwnership>>>;

/** One file as a connector describes it, independent of the host. */
export interface DesiredFile {
  readonly role: FileRole;
  /** As configured. Symbolic links are resolved later. */
  readonly path: string;
  /** Null: rewrite the file with its present content, so that a daemon that watches it (`trigger`) detects a change. */
  readonly content: string | Buffer | null;
  /** With `content: null`: the content if the file does not exist yet. If omitted, the file must exist. */
  readonly contentIfMissing?: string;
  /**
   * Instead of `content`, for a file with entries of others: the bytes to write, from those of the existing file (null: there
   * is none). Pure. Returns the existing bytes if they already mean the same: that is how a file with a random salt stays
   * unchanged.
   * @throws CertferryError PlanInvalid, CredentialRefused
   */
  readonly merge?: (existing: Buffer | null) => Buffer;
  /** `content` is a backup of a file that was merged. */
  readonly merged?: true;
  readonly explicit: ExplicitOwnership;
  readonly defaults: DefaultOwnership;
}

/** The certificate in the bytes of a file, its PEM for comparisons, and the private keys beside it, in PEM. */
export interface CertificateInFile {
  readonly version: VersionFacts | null;
  readonly pem: string | null;
  readonly keys: readonly string[];
}

/** What to change for a target, independent of its kind. */
export interface DesiredChange {
  readonly files: readonly DesiredFile[];
  /** The user with whose privileges the files are read and written, as configured. */
  readonly fileUser: string | undefined;
  /** The daemon's own check, as argv. Null: the target has none. */
  readonly validate: readonly string[] | null;
  /**
   * Standard input of `validate`, a secret that no record contains. Such a check runs only where its program exists, and
   * not in a rollback, which has no credentials.
   */
  readonly validateInput?: string | undefined;
  /** Reads the file with the leaf. Omitted: it is PEM. */
  readonly certificateIn?: ((bytes: Buffer) => CertificateInFile) | undefined;
  /** Null: the daemon detects new files itself. */
  readonly activate: Activation | null;
  /** Argv of the sandboxed instance. Null: no rehearsal configured. Empty: this kind does not support rehearsals. */
  readonly sandbox: readonly string[] | null;
  /** Argv of nginx, whose workers may read the key. Omitted for other daemons, and for files from a backup. */
  readonly nginxInstance?: readonly string[] | undefined;
}

/** Whether the daemon reads the leaf from this file. */
export function containsLeaf({ role }: { readonly role: FileRole }): boolean {
  return role === 'certificate' || role === 'combined';
}
