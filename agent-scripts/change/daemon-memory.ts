import { CertferryError } from '../../core/errors.ts';
import { type Activation, readMemory } from '../activations/activation.ts';
import type { ActivationContext } from '../activations/activator.ts';
import { resolveDestination } from '../host/destination.ts';
import { digestOf } from '../host/digest.ts';
import { type FileUser, withFileUser } from '../host/file-user.ts';
import type { ChangedFile } from './change.ts';

/** What a daemon keeps in memory only, by the path of the file that should have the same content. */
export type DaemonMemory = ReadonlyMap<string, Buffer>;

/**
 * Reads certificate and key from a daemon that keeps them in memory only (Caddy's `load_pem`): a rollback must restore
 * these, not the content of the files. Empty for all other daemons.
 * @throws CertferryError DaemonUnreachable, PlanInvalid if the daemon could not load new files
 */
export async function readDaemonMemory(
  activation: Activation | null,
  context: ActivationContext,
  user: FileUser | null,
): Promise<DaemonMemory> {
  const reading = activation === null ? null : await readMemory(activation, context);
  if (reading === null) return new Map();
  if (!reading.ok) {
    throw new CertferryError(
      reading.retry === 'later' ? 'DaemonUnreachable' : 'PlanInvalid',
      `${reading.why}; nothing was changed`,
    );
  }
  return new Map(
    [...reading.texts].map(([path, text]) => [
      withFileUser(user, () => resolveDestination(path)),
      Buffer.from(text),
    ]),
  );
}

/** If the daemon's memory differs from the file, the previous content is that of the memory. */
export function withPreviousFromMemory(file: ChangedFile, memory: DaemonMemory): ChangedFile {
  const text = memory.get(file.path);
  if (text === undefined || digestOf(text) === file.previous?.digest) return file;
  const metadata = file.previous?.metadata ?? file.metadata;
  return { ...file, previous: { digest: digestOf(text), metadata } };
}
