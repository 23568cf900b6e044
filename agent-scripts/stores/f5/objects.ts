import * as z from 'zod/mini';
import { CertferryError } from '../../../core/errors.ts';
import type { Device } from './device.ts';
import { isInUse } from './device-error.ts';
import { candidatePaths, type ObjectKind } from './plan.ts';

/** Where uploads land (https://community.f5.com/kb/technicalarticles/demystifying-icontrol-rest-part-5-transferring-files/286689). */
const uploadFolder = '/var/config/rest/downloads';
/** At most 1 MB is allowed; F5's own SDK sends 512 KiB (f5-sdk, `FileUploadMixin`). */
const chunkBytes = 512 * 1024;

/** `/mgmt/tm/sys/file/ssl-cert/~Common~name`: a path in a URL has `~` for `/`. */
export function objectUrl(kind: ObjectKind, path: string): string {
  return `/mgmt/tm/sys/file/${kind}/${urlName(path)}`;
}

/** A path such as `/Common/name` as one segment of a URL. */
export function urlName(path: string): string {
  return encodeURIComponent(path.replaceAll('/', '~'));
}

const Created = z.object({ name: z.string(), fullPath: z.optional(z.string()) });

interface NewObject {
  readonly kind: ObjectKind;
  readonly partition: string;
  readonly name: string;
  readonly text: string;
  /** The name of the uploaded file. */
  readonly file: string;
}

/**
 * Uploads a file and creates an object from it. Returns the path of the object, which version 13 extends. The file stays:
 * see {@link removeUploads}. An object of this name is a rest of an interrupted run, and is replaced.
 */
export async function createObject(
  device: Device,
  { kind, partition, name, text, file }: NewObject,
): Promise<string> {
  await upload(device, file, Buffer.from(text));
  const request = {
    method: 'POST',
    path: `/mgmt/tm/sys/file/${kind}`,
    body: { name, partition, sourcePath: `file:${uploadFolder}/${file}` },
  } as const;
  let answer = await device.ask(request, [409]);
  if (answer.status === 409) {
    await deleteObject(device, kind, candidatePaths(partition, kind, name));
    answer = await device.ask(request);
  }
  const read = Created.safeParse(answer.body);
  const path = read.success ? (read.data.fullPath ?? `/${partition}/${read.data.name}`) : '';
  if (candidatePaths(partition, kind, name).includes(path)) return path;
  throw new CertferryError(
    'StoreRefused',
    `BIG-IP created the ${kind} ${name} as ${path || 'an unknown name'}`,
  );
}

/** `Content-Range` has no unit, and its end is inclusive. */
async function upload(device: Device, file: string, content: Buffer): Promise<void> {
  for (let start = 0; start < content.length; start += chunkBytes) {
    const chunk = content.subarray(start, start + chunkBytes);
    await device.ask({
      method: 'POST',
      path: `/mgmt/shared/file-transfer/uploads/${file}`,
      headers: { 'Content-Range': `${start}-${start + chunk.length - 1}/${content.length}` },
      body: chunk,
    });
  }
}

/**
 * Removes uploaded files: the device keeps uploads, private keys included. A file that does not exist is no error.
 * @throws CertferryError StoreRefused if a file may remain
 */
export async function removeUploads(device: Device, files: readonly string[]): Promise<void> {
  const paths = files.map((file) => `${uploadFolder}/${file}`);
  const { body } = await device.ask({
    method: 'POST',
    path: '/mgmt/tm/util/unix-rm',
    body: { command: 'run', utilCmdArgs: ['-f', ...paths].join(' ') },
  });
  // a failed command is a success of the API, with the output of the command
  const { commandResult = '' } = z.object({ commandResult: z.optional(z.string()) }).parse(body);
  if (commandResult.trim() !== '')
    throw new CertferryError(
      'StoreRefused',
      `BIG-IP did not remove uploaded files with the private key. Remove them by hand: ${paths.join(' ')}`,
    );
}

/**
 * Deletes the object at the first of these paths that exists. `in use`: a profile refers to it, so it stays. An object
 * that does not exist is no error.
 */
export async function deleteObject(
  device: Device,
  kind: ObjectKind,
  paths: readonly string[],
): Promise<'deleted' | 'absent' | 'in use'> {
  for (const path of paths) {
    const request = { method: 'DELETE', path: objectUrl(kind, path) } as const;
    const answer = await device.ask(request, [404, 400]);
    if (isInUse(answer)) return 'in use';
    if (answer.status === 400) await device.ask(request); // becomes the error
    if (answer.status !== 404) return 'deleted';
  }
  return 'absent';
}

const Names = z.object({
  items: z._default(z.array(z.object({ name: z.string(), fullPath: z.string() })), []),
});

/** The paths of the objects in a partition whose names begin with `prefix`. */
export async function listObjects(
  device: Device,
  kind: ObjectKind,
  { partition, prefix }: { partition: string; prefix: string },
): Promise<string[]> {
  const filter = encodeURIComponent(`partition eq ${partition}`);
  const { body } = await device.ask({ method: 'GET', path: `/mgmt/tm/sys/file/${kind}?$filter=${filter}` });
  const start = `/${partition}/${prefix}`;
  return Names.parse(body).items.flatMap(({ fullPath }) => (fullPath.startsWith(start) ? [fullPath] : []));
}
