import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The paths of the files that `npm run build` writes to `dist/`: the stack needs no bundler. */
export interface Artefacts {
  readonly agent: string;
  /** The agent for targets in a store. */
  readonly storeAgent: string;
  readonly document: string;
  /** The document that checks a host. */
  readonly checkDocument: string;
  readonly deployTarget: string;
  readonly rollout: string;
  /** The folder with the code of one Lambda function. */
  readonly task: (name: string) => string;
}

/**
 * The artefacts in `folder`. The default is the `dist/` of this package, for the built construct (`dist/cdk/index.mjs`) and for
 * its source (`cdk/common/`).
 */
export function artefactsIn(folder: string = ownDist()): Artefacts {
  return {
    agent: join(folder, 'agent', 'agent.cjs'),
    storeAgent: join(folder, 'agent', 'store-agent.cjs'),
    document: join(folder, 'ssm-document.json'),
    checkDocument: join(folder, 'check-document.json'),
    deployTarget: join(folder, 'state-machines', 'deploy-target.asl.json'),
    rollout: join(folder, 'state-machines', 'rollout.asl.json'),
    task: (name) => join(folder, 'lambdas', name),
  };
}

function ownDist(): string {
  const parent = join(import.meta.dirname, '..');
  return basename(parent) === 'dist' ? parent : join(parent, '..', 'dist');
}

/** The text of an artefact. Throws if the file is missing; the error names the command that creates it. */
export function readArtefact(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path} cannot be read: run \`npm run build\` first.`, { cause });
  }
}

/** The hexadecimal SHA-256 of a file, which bootstrap.sh checks on the host. */
export function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
