import type { Attributes, SFTPWrapper, Stats } from 'ssh2';
import { CertferryError } from '../../../core/errors.ts';
import { digestOf } from '../../host/digest.ts';
import type { FileState } from './plan.ts';
import { refused, status, statusOf } from './problems.ts';
import type { Session } from './session.ts';

/** Larger files are no certificates. */
const maximumBytes = 1024 * 1024;

/** What a file on the server is: a missing one is null. */
export type Kind = 'file' | 'link' | 'folder' | 'other';

/** Owner and mode of a file to write. Null: the user that logs in. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** The SFTP requests of this kind. Each throws StoreUnreachable, or StoreRefused that names the path. */
export interface RemoteFiles {
  readonly extensions: Extensions;
  /** Does not follow a link. */
  kindOf(path: string): Promise<Kind | null>;
  readLink(path: string): Promise<string>;
  realPath(path: string): Promise<string>;
  /** The mode of a file or folder. Follows links. */
  modeOf(path: string): Promise<number>;
  /** Null if the file does not exist. */
  read(path: string): Promise<Buffer | null>;
  stateOf(path: string): Promise<FileState | null>;
  list(folder: string): Promise<readonly string[]>;
  /** Creates a file that must not exist, with its final mode from the start, and flushes it. */
  create(path: string, bytes: Buffer, ownership: Ownership): Promise<void>;
  /** Replaces `to` atomically, whether or not it exists. */
  rename(from: string, to: string): Promise<void>;
  /** False if the server or its file system creates no link. */
  link(from: string, to: string): Promise<boolean>;
  /** A missing file is no error. */
  remove(path: string): Promise<void>;
  /** Sends several requests in one write, so that a lost connection cannot separate them. Throws the first error after all answers. */
  together(requests: readonly (() => Promise<void>)[]): Promise<void>;
}

/** The extensions that the server has announced, and that this kind uses. */
export interface Extensions {
  readonly posixRename: boolean;
  readonly fsync: boolean;
  readonly hardlink: boolean;
}

export function remoteFiles(server: string, session: Session): RemoteFiles {
  const { sftp } = session;
  const extensions = extensionsOf(sftp);
  const ask = async <Value>(
    action: string,
    path: string,
    start: (done: (error: Error | null | undefined, value?: Value) => void) => void,
  ): Promise<Value> => {
    try {
      return await session.request<Value>(start);
    } catch (error) {
      throw refused(server, action, path, error);
    }
  };
  /** Null if the server answers that the file does not exist. */
  const askForFile = async <Value>(
    action: string,
    path: string,
    start: (done: (error: Error | null | undefined, value?: Value) => void) => void,
  ): Promise<Value | null> => {
    try {
      return await session.request<Value>(start);
    } catch (error) {
      if (statusOf(error) === status.noSuchFile) return null;
      throw refused(server, action, path, error);
    }
  };
  const withHandle = async <Value>(
    path: string,
    handle: Buffer,
    use: (handle: Buffer) => Promise<Value>,
  ): Promise<Value> => {
    try {
      const value = await use(handle);
      await ask<void>('close', path, (done) => sftp.close(handle, done));
      return value;
    } catch (error) {
      // the first error counts, and the server closes the handle with the session
      if (session.isOpen()) sftp.close(handle, () => undefined);
      throw error;
    }
  };

  const files: RemoteFiles = {
    extensions,
    async kindOf(path) {
      const stats = await askForFile<Stats>('examine', path, (done) => sftp.lstat(path, done));
      return stats === null ? null : kindOf(stats);
    },
    readLink: (path) => ask<string>('read the link', path, (done) => sftp.readlink(path, done)),
    realPath: (path) => ask<string>('resolve', path, (done) => sftp.realpath(path, done)),
    async modeOf(path) {
      const { mode } = await ask<Stats>('examine', path, (done) => sftp.stat(path, done));
      return mode;
    },
    async read(path) {
      const handle = await askForFile<Buffer>('read', path, (done) => sftp.open(path, 'r', done));
      return handle === null ? null : withHandle(path, handle, (open) => readAll(path, open));
    },
    async stateOf(path) {
      const handle = await askForFile<Buffer>('read', path, (done) => sftp.open(path, 'r', done));
      if (handle === null) return null;
      return withHandle(path, handle, async (open) => {
        const stats = await ask<Stats>('examine', path, (done) => sftp.fstat(open, done));
        const bytes = await readAll(path, open);
        return { digest: digestOf(bytes), mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
      });
    },
    async list(folder) {
      const entries = await ask<readonly { readonly filename: string }[]>('list', folder, (done) =>
        sftp.readdir(folder, done),
      );
      return entries.map(({ filename }) => filename);
    },
    async create(path, bytes, ownership) {
      const handle = await ask<Buffer>('create', path, (done) =>
        sftp.open(path, 'wx', { mode: ownership.mode } as Attributes, done),
      );
      await withHandle(path, handle, async (open) => {
        await setOwnership(path, open, ownership);
        await ask<void>('write', path, (done) => sftp.write(open, bytes, 0, bytes.length, 0, done));
        if (extensions.fsync) {
          await ask<void>('flush', path, (done) => sftp.ext_openssh_fsync(open, done));
        }
      });
    },
    rename: (from, to) => ask<void>('replace', to, (done) => sftp.ext_openssh_rename(from, to, done)),
    async link(from, to) {
      if (!extensions.hardlink) return false;
      try {
        await session.request<void>((done) => sftp.ext_openssh_hardlink(from, to, done));
        return true;
      } catch (error) {
        // link(2): EXDEV, EPERM for a file of another user (fs.protected_hardlinks), or a file system without links
        if (statusOf(error) !== null) return false;
        throw error;
      }
    },
    async remove(path) {
      await askForFile<void>('remove', path, (done) => sftp.unlink(path, done));
    },
    async together(requests) {
      const answers = await Promise.allSettled(session.together(() => requests.map((send) => send())));
      for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
    },
  };
  return files;

  async function readAll(path: string, handle: Buffer): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = await readChunk(path, handle, length);
      if (chunk === null) return Buffer.concat(chunks);
      chunks.push(chunk);
      length += chunk.length;
      if (length > maximumBytes) {
        throw new CertferryError(
          'PlanInvalid',
          `${path} on ${server} is larger than a certificate can be; correct the path in the target's configuration`,
          { details: { path, server } },
        );
      }
    }
  }

  async function readChunk(path: string, handle: Buffer, position: number): Promise<Buffer | null> {
    const buffer = Buffer.alloc(32_768);
    const read = await ask<number>('read', path, (done) =>
      sftp.read(handle, buffer, 0, buffer.length, position, (error, bytes) => done(error, bytes)),
    );
    return read === 0 ? null : buffer.subarray(0, read);
  }

  /** The mode comes last: chown(2) clears bits, and the umask of the server has cleared some at the creation. */
  async function setOwnership(path: string, handle: Buffer, { mode, uid, gid }: Ownership): Promise<void> {
    const now = await ask<Stats>('examine', path, (done) => sftp.fstat(handle, done));
    const owner = { uid: uid ?? now.uid, gid: gid ?? now.gid };
    if (owner.uid !== now.uid || owner.gid !== now.gid) {
      try {
        await session.request<void>((done) => sftp.fchown(handle, owner.uid, owner.gid, done));
      } catch (error) {
        if (statusOf(error) === null) throw error;
        throw new CertferryError(
          'StoreRefused',
          `${server} cannot give ${path} to user ${owner.uid} and group ${owner.gid}, which the existing file or the target names. Only root can change the owner, and other users can only choose a group of their own. Log in as root or as the owner of the file, or give the file to the user that logs in`,
          { details: { path, server, uid: owner.uid, gid: owner.gid }, cause: error },
        );
      }
    }
    await ask<void>('set the mode of', path, (done) => sftp.fchmod(handle, mode, done));
  }
}

/** ssh2 1.17 keeps the announced extensions in a private field; its methods throw for one that is missing. */
function extensionsOf(sftp: SFTPWrapper): Extensions {
  const { _extensions: announced } = sftp as unknown as {
    readonly _extensions: Readonly<Record<string, string>>;
  };
  const has = (name: string): boolean => announced[`${name}@openssh.com`] === '1';
  return { posixRename: has('posix-rename'), fsync: has('fsync'), hardlink: has('hardlink') };
}

function kindOf(stats: Stats): Kind {
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isDirectory() ? 'folder' : 'other';
}
