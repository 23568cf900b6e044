import type { Backend, RolloutEntry } from '../../services/backend/backend.ts';
import { operatorName } from '../options/operator.ts';
import { UsageError } from '../terminal/errors.ts';

type HaltOperations = Pick<Backend, 'halt' | 'rollBack' | 'decide'>;

/** Halts a rollout. False if there is none, or it has ended. */
export async function haltRollout(
  backend: Pick<HaltOperations, 'halt' | 'decide'>,
  id: string,
  reason: string,
): Promise<boolean> {
  const halted = await backend.halt(id, reason);
  if (halted) await rejectApproval(backend, id);
  return halted;
}

/** Halts a rollout and rolls back what it changed. Throws UsageError if there is nothing to roll back. */
export async function rollBackRollout(
  backend: Pick<HaltOperations, 'rollBack' | 'decide'>,
  id: string,
  reason = `rollback requested by ${operatorName()}`,
): Promise<RolloutEntry> {
  const control = await backend.rollBack(id, reason);
  if (control === null) {
    throw new UsageError(
      `rollout ${id} cannot be rolled back: it does not exist, or it has ended. Start a rollout of the previous version instead (--to).`,
    );
  }
  if (control.supersededBy !== null) {
    throw new UsageError(
      `rollout ${id} cannot be rolled back: the newer rollout ${control.supersededBy} has replaced it`,
    );
  }
  await rejectApproval(backend, id);
  return control;
}

/** A rollout that waits for approval notices a halt only with the decision. */
async function rejectApproval({ decide }: Pick<HaltOperations, 'decide'>, id: string): Promise<void> {
  await decide(id, { verdict: 'rejected', by: operatorName() });
}
