import type { Activation } from './activation.ts';
import type { DefaultOwnership, ExplicitOwnership } from './ownership.ts';

/** Families of distributions whose packages agree about users and paths. */
export type Distribution = 'debian' | 'rhel' | 'alpine' | 'other';

export type FileRole = 'certificate' | 'chain' | 'privateKey';

/** One file as a connector wants it, before anything is known of the host. */
export interface WantedFile {
  readonly role: FileRole;
  /** As the config has it: a symbolic link is followed later. */
  readonly path: string;
  readonly content: string;
  readonly explicit: ExplicitOwnership;
  readonly defaults: DefaultOwnership;
}

/** What a target wants done, in terms that no longer depend on its kind. Null where the target has no such thing. */
export interface WantedChange {
  readonly files: readonly WantedFile[];
  readonly validate: readonly string[] | null;
  readonly activate: Activation | null;
}
