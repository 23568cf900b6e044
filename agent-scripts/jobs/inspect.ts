import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import type { Home } from '../host/home.ts';
import { readReceipt, receiptsOf, writeReceipt } from '../journal/receipt.ts';
import { isReversed } from '../journal/receipt-rules.ts';
import { resultLine } from '../journal/result-line.ts';
import { installedVersion } from './undo.ts';

/**
 * Job `inspect` without a probe: returns how the deployment in the header ended on this host. `restored`: its change was
 * reversed. `NotPerformed`: the host has no receipt of it. The answer is then recorded as the receipt, so that the job of the
 * deployment cannot change anything any more if it arrives late.
 * @throws Error if the receipt cannot be written: the deployment is then not settled
 */
export async function inspect(home: Home, header: JobHeader): Promise<AgentLine> {
  const receipt = readReceipt(home, header.targetId, header.deploymentId);
  if (receipt === null) return settleUnperformed(home, header);
  return isReversed(receipt) ? reversedLine(home, header) : receipt.line;
}

function reversedLine(home: Home, header: JobHeader): AgentLine {
  return resultLine(header, {
    outcome: 'restored',
    summary: 'the host had already restored the previous files of this deployment',
    version: installedVersion(receiptsOf(home, header.targetId)),
  });
}

function settleUnperformed(home: Home, header: JobHeader): AgentLine {
  const { deploymentId, targetId, fence } = header;
  const line = resultLine(header, {
    outcome: 'rejected',
    summary: 'the host has no record of this deployment, so it did not change any file',
    reason: 'NotPerformed',
    version: installedVersion(receiptsOf(home, targetId)),
  });
  const unchanged = { change: null, undone: false, replacedDeployment: null, origin: deploymentId };
  writeReceipt(home, { v: 1, line, fence, ...unchanged });
  return line;
}
