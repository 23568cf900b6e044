import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { servedLocally, workersToReplace } from '../apply/served-locally.ts';
import { repairOwnership } from '../apply/unchanged-files.ts';
import { activateChange } from '../change/activate-change.ts';
import type { PlannedChange } from '../change/plan.ts';
import type { DesiredChange } from '../connectors/desired-change.ts';
import type { Home } from '../host/home.ts';
import { type Receipt, writeReceipt } from '../journal/receipt.ts';
import { resultLine } from '../journal/result-line.ts';

/** A deployment whose files are all up to date. */
interface UnchangedDeployment {
  readonly header: JobHeader;
  readonly desired: DesiredChange;
  readonly planned: PlannedChange;
  readonly installed: Receipt;
}

/**
 * Changes no content. Repairs owner and mode of files, and reloads a daemon that serves something else; both become
 * warnings.
 */
export async function reportUnchanged(home: Home, deployment: UnchangedDeployment): Promise<AgentLine> {
  const { header, desired, planned, installed } = deployment;
  const { change, baseline = null } = planned;
  const repaired = repairOwnership(desired.files, change, installed);
  const reloaded = await reloadIfNotServed(deployment);
  const line = resultLine(header, {
    outcome: 'unchanged',
    summary: 'all files are up to date; nothing was written',
    version: change.version,
    previousVersion: change.version,
    warnings: [...planned.warnings, ...repaired, ...reloaded.warnings],
    validatedIn: 'none',
    served: reloaded.served,
    ...(baseline !== null && { baseline }),
  });
  writeReceipt(home, {
    v: 1,
    line,
    fence: header.fence,
    change: null,
    undone: false,
    replacedDeployment: installed.line.deploymentId,
    origin: installed.origin,
  });
  return line;
}

async function reloadIfNotServed({
  planned: { change },
}: UnchangedDeployment): Promise<{ served: boolean | null; warnings: string[] }> {
  const served = await servedLocally(change, change.version, new Set());
  if (served !== false || change.activate === null) return { served, warnings: [] };
  const oldWorkers = workersToReplace(change);
  const reload = await activateChange(change.activate, change);
  const outcome = reload.ok ? 'the daemon was reloaded' : `the reload failed: ${reload.detail}`;
  return {
    served: await servedLocally(change, change.version, oldWorkers),
    warnings: [`the files were up to date but not served; ${outcome}`],
  };
}
