import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What `npm run build` left in `dist/`, by path: the stack needs no bundler. */
export interface Artefacts {
  readonly agent: string;
  readonly document: string;
  readonly deployTarget: string;
  readonly rollout: string;
  /** Folder of one Lambda's code. */
  readonly task: (name: string) => string;
}

/**
 * The artefacts in `folder`. The default is the `dist/` of this package, for the built construct (`dist/cdk/index.mjs`) and for
 * its source (`cdk/common/`).
 */
export function artefactsIn(folder: string = ownDist()): Artefacts {
  return {
    agent: join(folder, 'agent', 'agent.cjs'),
    document: join(folder, 'ssm-document.json'),
    deployTarget: join(folder, 'state-machines', 'deploy-target.asl.json'),
    rollout: join(folder, 'state-machines', 'rollout.asl.json'),
    task: (name) => join(folder, 'lambdas', name),
  };
}

function ownDist(): string {
  const parent = join(import.meta.dirname, '..');
  return basename(parent) === 'dist' ? parent : join(parent, '..', 'dist');
}

/** The text of an artefact. Throws, naming the command that makes it, when it is not there. */
export function readArtefact(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path} cannot be read: run \`npm run build\` first`, { cause });
  }
}

/** Hexadecimal SHA-256 of a file, as bootstrap.sh checks it. */
export function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
