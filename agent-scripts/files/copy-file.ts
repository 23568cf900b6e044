import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { removeIfExists } from '../host/durable-files.ts';
import { copyAttributes } from '../host/file-attributes.ts';
import { type FileUser, withFileUser } from '../host/file-user.ts';
import { type Metadata, setMetadata } from '../host/ownership.ts';

/** One end of a copy, and the user with whose privileges the agent opens it. Null: the agent's own. */
export interface CopyEnd {
  readonly path: string;
  readonly user: FileUser | null;
}

/**
 * Copies content, extended attributes and the given metadata to a new file, and flushes it. Neither end may be a symbolic
 * link. A file that an interrupted run left at `to` is removed first. An agent that is not root cannot change the owner.
 */
export function copyDurably(from: CopyEnd, to: CopyEnd, metadata: Metadata): void {
  const source = openToRead(from);
  try {
    const target = withFileUser(to.user, () => {
      removeIfExists(to.path);
      return openSync(to.path, 'wx', 0o600);
    });
    try {
      writeFileSync(target, readFileSync(source));
      copyAttributes(source, target);
      withFileUser(to.user, () => setMetadata(target, possible(target, metadata)));
      fsyncSync(target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Opens a file to read it, but not through a symbolic link. */
export function openToRead({ path, user }: CopyEnd): number {
  return withFileUser(user, () => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
}

function possible(handle: number, { mode, uid, gid }: Metadata): Metadata {
  if (process.getuid?.() === 0) return { mode, uid, gid };
  const now = fstatSync(handle);
  return { mode, uid: now.uid, gid: now.gid };
}
