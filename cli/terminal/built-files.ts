import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dist } from '../../local/base/artefacts.ts';

/** The parts of a state machine file (Amazon States Language) that the graph of an execution needs. */
export interface StateMachine {
  readonly States: Readonly<Record<string, StateDefinition>>;
}

interface StateDefinition {
  readonly Type: string;
  readonly ResultPath?: string | null;
  readonly Choices?: readonly { readonly Next: string }[];
  readonly Default?: string;
  readonly Next?: string;
  readonly Catch?: readonly { readonly Next: string }[];
}

/** The path of a built file in dist/. */
export function builtFile(path: string): string {
  return join(dist, path);
}

/** The fields of package.json that the command line prints. `homepage` is absent without a public address. */
export interface OwnPackage {
  readonly version: string;
  readonly homepage?: string;
}

/** The package.json of the installed package. */
export function ownPackage(): OwnPackage {
  return JSON.parse(readFileSync(builtFile('../package.json'), 'utf8'));
}

/** The version of the package. */
export const ownVersion = (): string => ownPackage().version;

/** A built state machine: local mode runs it, and the stack deploys it. */
export function machineFile(name: 'deploy-target' | 'rollout'): StateMachine {
  return JSON.parse(readFileSync(builtFile(`state-machines/${name}.asl.json`), 'utf8'));
}
