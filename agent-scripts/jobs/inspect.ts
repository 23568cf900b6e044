import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { Home } from '../host/home.ts';
import { readReceipt, receiptsOf } from '../journal/receipt.ts';
import { resultLine } from '../journal/result-line.ts';
import { installedVersion } from './undo.ts';

/**
 * Job `inspect` without a probe: returns how the deployment in the header ended on this host. `lost`: it did not run, or it
 * was interrupted and recovery has reversed it.
 */
export async function inspect(home: Home, header: JobHeader): Promise<AgentLine> {
  const receipt = readReceipt(home, header.targetId, header.deploymentId);
  if (receipt !== null && !receipt.undone) return receipt.line;
  return resultLine(header, {
    outcome: 'lost',
    summary:
      receipt === null
        ? 'this deployment did not run on this host, or it was interrupted and rolled back'
        : 'this deployment was rolled back on this host',
    version: installedVersion(receiptsOf(home, header.targetId)),
  });
}
