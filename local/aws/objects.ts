import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ServiceError } from '../http/service-error.ts';

export interface LocalObject {
  readonly body: Buffer;
  readonly etag: string;
}

/** Objects in buckets, as files: what S3 holds of ours. A bucket is there when something was put into it. */
export interface Objects {
  /** With `unlessExists` it throws PreconditionFailed for a key that exists. */
  put(bucket: string, key: string, body: Buffer, how?: { readonly unlessExists: boolean }): Promise<string>;
  get(bucket: string, key: string): Promise<LocalObject | null>;
  /** In the order of S3: by the bytes of their names. */
  list(bucket: string, prefix: string): Promise<string[]>;
}

export function openObjects(folder: string): Objects {
  let drafts = 0;
  const get = async (bucket: string, key: string): Promise<LocalObject | null> => {
    const body = await orNull(readFile(pathOf(folder, bucket, key)));
    return body === null ? null : { body, etag: etagOf(body) };
  };
  return {
    get,
    async put(bucket, key, body, how) {
      const path = pathOf(folder, bucket, key);
      if (how?.unlessExists === true && (await get(bucket, key)) !== null) {
        throw new ServiceError('PreconditionFailed', 'At least one of the pre-conditions did not hold');
      }
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      drafts += 1;
      const draft = `${path}.${process.pid}-${drafts}.draft`;
      await writeFile(draft, body, { mode: 0o600 });
      await rename(draft, path);
      return etagOf(body);
    },
    async list(bucket, prefix) {
      const root = join(folder, bucket);
      const entries = (await orNull(readdir(root, { recursive: true, withFileTypes: true }))) ?? [];
      return entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.draft'))
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .filter((key) => key.startsWith(prefix))
        .sort();
    },
  };
}

const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;

/** The path for a key. Refuses a key that would leave the folder or share the path of another key. */
function pathOf(folder: string, bucket: string, key: string): string {
  const parts = [bucket, ...key.split('/')];
  if (parts.some((part) => !/^[^/\0]{1,200}$/.test(part) || /^\.+$/.test(part) || part.endsWith('.draft'))) {
    throw new ServiceError('InvalidArgument', `local mode does not take the key ${key} in bucket ${bucket}`);
  }
  return join(folder, ...parts);
}

async function orNull<Thing>(reading: Promise<Thing>): Promise<Thing | null> {
  try {
    return await reading;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
