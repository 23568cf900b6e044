import type { AgentLine } from '../../core/deployment/agent-line.ts';
import { installedReceipt } from '../journal/receipt-rules.ts';
import type { StoreChange, StoreReceipt } from './store-home.ts';
import type { StoreRun } from './store-run.ts';

/** The deployment that first installed the version of the result, and the change that `undo` and `rollback` use. */
interface Recorded {
  readonly change: StoreChange | null;
  readonly receipts: readonly StoreReceipt[];
  readonly origin: string;
}

/** Writes the receipt of a deployment. `receipts`: those before it. */
export async function recordResult(
  { home, job: { header } }: StoreRun,
  line: AgentLine,
  { change, receipts, origin }: Recorded,
): Promise<void> {
  await home.writeReceipt({
    v: 1,
    line,
    fence: header.fence,
    change,
    undone: false,
    replacedDeployment: installedReceipt(receipts)?.line.deploymentId ?? null,
    origin,
    rollout: header.rollout ?? null,
  });
}
