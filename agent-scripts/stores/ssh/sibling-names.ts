import { basename, dirname, join } from 'node:path/posix';
import type { FileRole, PlannedFile } from './plan.ts';

/** Separates the parts of a name. Neither target ids nor deployment ids contain it. */
const separator = '+';
const suffixes = { staged: 'new', backup: 'previous', restoring: 'restore' } as const;

/** The files that a deployment creates beside a live file. The names follow from the deployment, so a later run finds them. */
export function siblingsOf(
  path: string,
  {
    targetId,
    deploymentId,
    role,
  }: { readonly targetId: string; readonly deploymentId: string; readonly role: FileRole },
): Pick<PlannedFile, 'staged' | 'backup' | 'restoring'> {
  const name = (suffix: string): string =>
    join(dirname(path), `${prefixOf(targetId)}${[deploymentId, role, suffix].join(separator)}`);
  return {
    staged: name(suffixes.staged),
    backup: name(suffixes.backup),
    restoring: name(suffixes.restoring),
  };
}

/** Whether a deployment of this target has created a file of this name. */
export function belongsTo(targetId: string, path: string): boolean {
  const name = basename(path);
  return (
    name.startsWith(prefixOf(targetId)) &&
    Object.values(suffixes).some((suffix) => name.endsWith(separator + suffix))
  );
}

/** A leading dot: daemons that read every file of a folder, or `*.pem`, skip it. */
const prefixOf = (targetId: string): string => `.certferry${separator}${targetId}${separator}`;
