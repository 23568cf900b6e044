import { createWriteStream, type WriteStream } from 'node:fs';

/**
 * A log that is appended to. An error, such as a full disk, ends the log and nothing else: without a listener, Node would end the
 * process in the middle of a deployment. `onLost` is called once then.
 */
export function openLogStream(path: string, onLost: () => void = () => undefined): WriteStream {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  stream.on('error', onLost);
  return stream;
}
