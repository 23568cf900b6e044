import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dist } from '../local/artefacts.ts';
import type { StateMachine } from './render/graph.ts';

/** A built file, by its path in dist/. */
export function builtFile(path: string): string {
  return join(dist, path);
}

/** Of the package, as it was installed or checked out. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(builtFile('../package.json'), 'utf8')) as { version: string };
  return version;
}

/** A state machine as it is run and deployed. */
export function machineFile(name: 'deploy-target' | 'rollout'): StateMachine {
  return JSON.parse(readFileSync(builtFile(`state-machines/${name}.asl.json`), 'utf8'));
}
