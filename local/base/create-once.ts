import { linkSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Creates a private file with this content, unless another process was quicker: a link never replaces its file, unlike a rename.
 * The folder never contains an incomplete file of this name.
 */
export function createOnce(path: string, content: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content, { mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}
