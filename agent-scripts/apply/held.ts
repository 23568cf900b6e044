import { CertferryError } from '../../core/errors.ts';
import { type Activation, activationHolds } from './activation.ts';
import type { ChangedFile } from './change.ts';
import { resolveDestination } from './destination.ts';
import { digestOf } from './digest.ts';

/** What a daemon holds besides its files, by the path of the file that should say the same (links followed). */
export type Held = ReadonlyMap<string, string>;

/**
 * Asks a daemon that keeps certificate and key itself what they are now: that, and not a file, is what an undoing has to
 * bring back. Empty for all that just read files.
 * @throws CertferryError DaemonUnreachable, PlanInvalid when the daemon could not be told of new files anyway
 */
export async function heldByDaemon(activation: Activation | null, timeoutSeconds: number): Promise<Held> {
  const holding = activation === null ? null : await activationHolds(activation, timeoutSeconds);
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
export function asHeld(file: ChangedFile, held: Held): ChangedFile {
  const text = held.get(file.path);
  if (text === undefined || digestOf(text) === file.before?.digest) return file;
  return { ...file, before: { digest: digestOf(text), metadata: file.before?.metadata ?? file.metadata } };
}
