import { basename, join } from 'node:path';
import type { Home } from '../host/home.ts';
import type { Change } from './change.ts';

/**
 * A recorded change with its backups in this home. The record has absolute paths, and an operator may have moved the home
 * since (in local mode, to another state folder).
 */
export function withBackupsIn(home: Home, change: Change): Change {
  const folder = home.target(change.targetId).backups(change.deploymentId);
  const files = change.files.map((file) => ({ ...file, backup: join(folder, basename(file.backup)) }));
  return { ...change, files };
}
