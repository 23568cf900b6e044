import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dist } from '../local/artefacts.ts';
import type { StateMachine } from './render/graph.ts';

/** A built file, by its path in dist/. */
export function builtFile(path: string): string {
  return join(dist, path);
}

/** The state machine that is run and deployed. */
export function deployTargetMachine(): StateMachine {
  return JSON.parse(readFileSync(builtFile('state-machines/deploy-target.asl.json'), 'utf8'));
}
