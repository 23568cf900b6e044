import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';

const fromSource = extname(import.meta.filename) === '.ts';

/** The folder of the built Lambdas, agent, document and state machines. */
export const dist = join(packageFolder(), 'dist');

function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = dirname(folder);
  }
  return folder;
}

/** Programs of local mode that run in a thread of their own: the built file, or the source if this file is a source. */
export const programs = {
  lambdaWorker: fromSource
    ? join(import.meta.dirname, '../functions/lambda-worker.ts')
    : join(dist, 'local/lambda-worker.mjs'),
};

/**
 * The folder with the parts of the AWS SDK that functions import, one file per package. Null if this file is a source: then
 * `node_modules` contains the SDK.
 */
export const builtSdk = fromSource ? null : join(dist, 'local/aws-sdk');
