import type { Activation } from '../activations/activation.ts';
import type { DefaultOwnership, ExplicitOwnership } from '../host/ownership.ts';

/**
 * What a file is for. `combined` holds certificate and key in one; `trigger` is a file that a daemon watches and that
 * is replaced last, so that the daemon reads the others once, when all of them are in place.
 */
export type FileRole = 'certificate' | 'chain' | 'privateKey' | 'combined' | 'trigger';

/** Owners and modes of new files by role; a kind names those it writes. */
export type RoleDefaults = Readonly<Partial<Record<FileRole, DefaultOwnership>>>;

/** One file as a connector wants it, before anything is known of the host. */
export interface DesiredFile {
  readonly role: FileRole;
  /** As the config has it: a symbolic link is followed later. */
  readonly path: string;
  /** Null: what is there, byte for byte, as a new file (a `trigger` whose text stays the same). */
  readonly content: string | null;
  /** With `content: null`: what to write where nothing is there yet. Left out: something has to be there. */
  readonly whenMissing?: string;
  readonly explicit: ExplicitOwnership;
  readonly defaults: DefaultOwnership;
}

/** What a target wants done, in terms that no longer depend on its kind. Null where the target has no such thing. */
export interface DesiredChange {
  readonly files: readonly DesiredFile[];
  readonly validate: readonly string[] | null;
  readonly activate: Activation | null;
  /** argv of a sandbox for the rehearsal; empty when one is wanted and this kind has none. */
  readonly sandbox: readonly string[] | null;
}

/** The file that a daemon reads the leaf from. */
export function containsLeaf({ role }: { readonly role: FileRole }): boolean {
  return role === 'certificate' || role === 'combined';
}
