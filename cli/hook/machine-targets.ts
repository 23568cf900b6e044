import type { RegisteredTarget } from '../../core/targets/registered.ts';
import { ownSurroundings, readConfig, type Surroundings } from '../config/read-config.ts';
import { settleOptions } from '../config/settle-options.ts';
import { UsageError } from '../terminal/errors.ts';

/** The targets file of this machine and its state folder, both as the hook uses them. `file` is absolute. */
export interface MachineTargets {
  readonly file: string;
  readonly targets: readonly RegisteredTarget[];
  /** Undefined for the default folder. */
  readonly state: string | undefined;
}

/**
 * Reads the targets file: the option, else the one that the configuration finds. Throws UsageError if there is none, and what
 * `readConfig` throws.
 */
export function readMachineTargets(
  options: { readonly targets?: string; readonly state?: string },
  surroundings: Surroundings = ownSurroundings(),
): MachineTargets {
  const config = readConfig(options.targets, surroundings);
  if (config === null || config.targets.length === 0) {
    throw new UsageError(
      'no certferry.yaml with targets was found. Name the targets file with --targets FILE.',
    );
  }
  const { state } = settleOptions({ ...options, local: true }, config, surroundings.environment);
  return { file: config.path, targets: config.targets, state };
}
