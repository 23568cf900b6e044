import { onThisMachine, readTargetsFile, selectTarget } from '../input/targets.ts';
import type { Terminal } from '../terminal.ts';
import { perform } from './deployment.ts';
import { type LocalOptions, requireLocalMode } from './local-only.ts';

export interface RollbackOptions extends LocalOptions {
  readonly targets: string;
  readonly target: string;
}

/** `certferry rollback`: the version before the installed one, applied and verified as a deployment of its own. */
export async function rollback(options: RollbackOptions, terminal: Terminal): Promise<number> {
  requireLocalMode(options, 'rollback');
  const target = onThisMachine(selectTarget(readTargetsFile(options.targets).targets, options.target));
  return perform([target], { action: 'revert' }, options, terminal);
}
