import { type BackendOptions, type BackendSelection, selectBackend } from '../options/backend-options.ts';
import { commandLineFor } from '../options/command-line.ts';
import { operatorName } from '../options/operator.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { haltRollout, rollBackRollout } from './halt-rollout.ts';
import { withBackend } from './open-backend.ts';

export interface HaltOptions extends BackendOptions {
  readonly reason?: string;
  readonly rollback?: boolean;
}

/** `certferry halt`: stops a rollout. Throws UsageError if there is no such rollout, or it has ended. */
export async function halt(id: string, options: HaltOptions, { out }: Terminal): Promise<number> {
  const reason = options.reason ?? `halted by ${operatorName()}`;
  const selection = selectBackend(options, 'halt');
  if (options.rollback === true) return rollBack(id, { options, selection, reason }, out);
  const commandLine = commandLineFor(options);
  if (!(await withBackend(selection, (backend) => haltRollout(backend, id, reason)))) {
    throw new UsageError(
      `rollout ${id} cannot be halted: it does not exist, or it has ended. "${commandLine('rollouts')}" lists the rollouts.`,
    );
  }
  if (options.json === true) out(JSON.stringify({ rolloutId: id, halted: true }));
  else {
    out(`Rollout ${id} is halted: it starts no further deployments, and running deployments finish.`);
    out('A rollout that waits (for a pause or a maintenance window) ends at its next check, usually within');
    out(`15 minutes. When it has ended, you can resume it: ${commandLine(`rollout --resume ${id}`)}`);
  }
  return 0;
}

/** Throws UsageError also if the execution has ended halted: then only a resume can roll back. */
async function rollBack(
  id: string,
  { options, selection, reason }: { options: HaltOptions; selection: BackendSelection; reason: string },
  out: Terminal['out'],
): Promise<number> {
  const commandLine = commandLineFor(options);
  const control = await withBackend(selection, (backend) => rollBackRollout(backend, id, reason));
  if (control.outcome === 'halted') {
    throw new UsageError(
      `rollout ${id} was halted before, and its execution has ended. Roll it back with "${commandLine(`rollout --resume ${id} --rollback`)}".`,
    );
  }
  if (options.json === true) out(JSON.stringify({ rolloutId: id, halted: true, rollback: true }));
  else {
    const follow = selection.kind === 'stack' ? `rollout --follow ${id}` : 'rollouts';
    out(`Rollout ${id} is halted and rolls back what it changed: the latest wave first, with verification.`);
    out('If it was about to end, it ends without a rollback. Check its state:');
    out(`  ${commandLine(follow)}`);
  }
  return 0;
}
