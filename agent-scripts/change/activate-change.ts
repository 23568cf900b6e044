import { readFileSync } from 'node:fs';
import { type Activation, activate } from '../activations/activation.ts';
import type { ActivationContext, ActivationResult } from '../activations/activator.ts';
import { type FileUser, withFileUser } from '../host/file-user.ts';
import type { Change } from './change.ts';

/** What an activation may use for a target with this deadline and `fileUser`. */
export function activationContext(timeoutSeconds: number, user: FileUser | null): ActivationContext {
  return { timeoutSeconds, readFile: (path) => withFileUser(user, () => readIfExists(path)) };
}

/** Makes the daemon of a change load its files, within the deadline of the target. Never throws. */
export function activateChange(
  activation: Activation,
  { commandTimeoutSeconds, fileUser }: Pick<Change, 'commandTimeoutSeconds' | 'fileUser'>,
): Promise<ActivationResult> {
  return activate(activation, activationContext(commandTimeoutSeconds, fileUser ?? null));
}

function readIfExists(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
