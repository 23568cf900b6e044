import { isCertferryError } from '../../core/errors.ts';
import { entryOfReason } from '../../core/troubleshooting/entries.ts';
import { troubleshootingAddress } from './troubleshooting.ts';

/** Commands that change what hosts serve. */
const changing = new Set(['deploy', 'rollback', 'rollout', 'hook']);

/**
 * The last lines after an error that ended a command: what the hosts serve, and the entry in docs/troubleshooting.md. The
 * message of the error has the next step. `command`: the first word of the command line.
 */
export function afterError(error: unknown, command: string | undefined): string[] {
  const served = changing.has(command ?? '') ? [servedAfter(error)] : [];
  return isCertferryError(error)
    ? [...served, `Troubleshooting: ${troubleshootingAddress(entryOfReason(error.name))}`]
    : served;
}

function servedAfter(error: unknown): string {
  const isBeforeStart =
    error instanceof Error &&
    (error.name === 'UsageError' || (isCertferryError(error) && error.name !== 'StateFolderFull'));
  return isBeforeStart
    ? 'Served now: as before. This command has changed no host.'
    : 'Served now: unknown. "certferry history" and "certferry sweep" with the same options show it.';
}
