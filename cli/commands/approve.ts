import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { commandLineFor } from '../options/command-line.ts';
import { operatorName } from '../options/operator.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withBackend } from './open-backend.ts';

export interface ApproveOptions extends BackendOptions {
  readonly wave?: number;
  readonly reject?: boolean;
  readonly by?: string;
}

/** `certferry approve`: the decision on a waiting rollout. Throws UsageError if it does not wait for approval. */
export async function approve(id: string, options: ApproveOptions, { out }: Terminal): Promise<number> {
  const decision = {
    wave: options.wave,
    verdict: options.reject === true ? ('rejected' as const) : ('approved' as const),
    by: options.by ?? operatorName(),
  };
  const selection = selectBackend(options, 'approve');
  if (!(await withBackend(selection, (backend) => backend.decide(id, decision)))) {
    const wave = options.wave === undefined ? '' : ` after wave ${options.wave}`;
    throw new UsageError(
      `rollout ${id} does not wait for approval${wave}. "${commandLineFor(options)('rollouts')}" shows its state.`,
    );
  }
  if (options.json === true) out(JSON.stringify({ rolloutId: id, ...decision }));
  else if (decision.verdict === 'approved') out(`Rollout ${id} continues (approved by ${decision.by}).`);
  else out(`Rollout ${id} is halted (rejected by ${decision.by}).`);
  return 0;
}
