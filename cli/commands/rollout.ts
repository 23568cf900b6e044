import { selectBackend } from '../options/backend-options.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { rolloutLocally } from './rollout-locally.ts';
import { rolloutOnStack } from './rollout-on-stack.ts';
import { checkRolloutOptions, type RolloutOptions } from './rollout-options.ts';

/** `certferry rollout`: starts, resumes or follows a rollout. */
export async function rollout(options: RolloutOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'rollout');
  checkRolloutOptions(options);
  return selection.kind === 'stack'
    ? rolloutOnStack(selection, options, terminal)
    : rolloutLocally(selection.state, options, terminal);
}
