// It cannot show what a real device does with a file that is never completed.
import { refuseUnless } from './refusal.ts';

export const uploadFolder = '/var/config/rest/downloads';
const maximumChunkBytes = 1024 * 1024;

/**
 * The file transfer worker: chunks of at most 1 MB, `Content-Range: start-end/size` without a unit and with an inclusive end
 * (https://community.f5.com/kb/technicalarticles/demystifying-icontrol-rest-part-5-transferring-files/286689).
 */
export function receiveChunk(
  files: Map<string, Buffer>,
  { name, range, contentType, body }: { name: string; range: string; contentType: string; body: Buffer },
) {
  refuseUnless(
    contentType === 'application/octet-stream',
    400,
    `Content-Type ${contentType} is not supported`,
  );
  const [, start, end, size] = (/^(\d+)-(\d+)\/(\d+)$/.exec(range) ?? []).map(Number);
  refuseUnless(
    start !== undefined && end !== undefined && size !== undefined,
    400,
    `Invalid Content-Range ${range}`,
  );
  refuseUnless(body.length <= maximumChunkBytes, 400, `Chunk of ${body.length} bytes exceeds 1048576 bytes`);
  const before = start === 0 ? Buffer.alloc(0) : (files.get(name) ?? Buffer.alloc(0));
  refuseUnless(
    before.length === start && end - start + 1 === body.length && end < size,
    400,
    `Content-Range ${range} does not fit ${body.length} bytes at ${before.length}`,
  );
  files.set(name, Buffer.concat([before, body]));
  return {
    remainingByteCount: size - end - 1,
    totalByteCount: size,
    localFilePath: `${uploadFolder}/${name}`,
    generation: 0,
  };
}

/** `rm` and `ls` as `/mgmt/tm/util/unix-rm` and `unix-ls` run them: a failed command is a success with a `commandResult`. */
export function runUtility(files: Map<string, Buffer>, program: string, words: readonly string[]): string {
  const paths = words.filter((word) => !word.startsWith('-'));
  const names = paths.map((path) => path.replace(`${uploadFolder}/`, ''));
  const missing = names.filter((name) => !files.has(name));
  if (program === 'unix-ls') return [...files.keys()].map((name) => `${name}\n`).join('');
  for (const name of names) files.delete(name);
  if (words.includes('-f')) return '';
  return missing.map((name) => `/bin/rm: cannot remove '${name}': No such file or directory\n`).join('');
}
