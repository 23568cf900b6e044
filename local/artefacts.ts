import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';

const fromSource = extname(import.meta.filename) === '.ts';

/** The folder of what was built: the Lambdas, the agent, the document, the state machines. */
export const dist = join(packageFolder(), 'dist');

function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = dirname(folder);
  }
  return folder;
}

/** A program of local mode that runs in a process or thread of its own: as built, or its source when that is what runs. */
export const programs = {
  lambdaWorker: fromSource
    ? join(import.meta.dirname, 'lambda-worker.ts')
    : join(dist, 'local/lambda-worker.mjs'),
};
