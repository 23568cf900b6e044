import { CertferryError } from '../../core/errors.ts';
import { type Activation, memoryBehind } from '../activations/activation.ts';
import { resolveDestination } from '../host/destination.ts';
import { digestOf } from '../host/digest.ts';
import type { ChangedFile } from './change.ts';

/** What a daemon holds besides its files, by the path of the file that should say the same (links followed). */
export type DaemonMemory = ReadonlyMap<string, string>;

/**
 * Asks a daemon that keeps certificate and key itself what they are now: that, and not a file, is what an undoing has to
 * bring back. Empty for all that just read files.
 * @throws CertferryError DaemonUnreachable, PlanInvalid when the daemon could not be told of new files anyway
 */
export async function readDaemonMemory(
  activation: Activation | null,
  timeoutSeconds: number,
): Promise<DaemonMemory> {
  const holding = activation === null ? null : await memoryBehind(activation, timeoutSeconds);
  if (holding === null) return new Map();
  if (!holding.ok) {
    throw new CertferryError(
      holding.retry === 'later' ? 'DaemonUnreachable' : 'PlanInvalid',
      `${holding.why}; nothing was changed`,
    );
  }
  return new Map([...holding.texts].map(([path, text]) => [resolveDestination(path), text]));
}

/** A file whose daemon holds something else than the file says (or there is no file): that is what was before. */
export function withPreviousFromMemory(file: ChangedFile, held: DaemonMemory): ChangedFile {
  const text = held.get(file.path);
  if (text === undefined || digestOf(text) === file.before?.digest) return file;
  return { ...file, before: { digest: digestOf(text), metadata: file.before?.metadata ?? file.metadata } };
}
