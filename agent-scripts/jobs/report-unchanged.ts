import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { activate } from '../activations/activation.ts';
import { servedLocally, workersToReplace } from '../apply/served-locally.ts';
import { repairOwnership } from '../apply/unchanged-files.ts';
import type { PlannedChange } from '../change/plan.ts';
import type { DesiredChange } from '../connectors/desired-change.ts';
import type { Home } from '../host/home.ts';
import { type Receipt, writeReceipt } from '../journal/receipt.ts';

/** A deployment whose bytes are all there already. */
interface UnchangedDeployment {
  readonly header: JobHeader;
  readonly wanted: DesiredChange;
  readonly planned: PlannedChange;
  readonly installed: Receipt;
}

/**
 * Touches no bytes. Drifted owners and modes are repaired, and a daemon that visibly serves something else is told
 * to read its files again; both are said.
 */
export async function reportUnchanged(home: Home, deployment: UnchangedDeployment): Promise<AgentLine> {
  const { header, wanted, planned, installed } = deployment;
  const { change } = planned;
  const repaired = repairOwnership(wanted.files, change, installed);
  const reloaded = await reloadIfNotPresented(deployment);
  const line = agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: 'unchanged',
    summary: 'every byte is already in place; nothing was written',
    version: change.version,
    previousVersion: change.version,
    warnings: [...repaired, ...reloaded.warnings],
    validatedIn: 'none',
    served: reloaded.served,
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

async function reloadIfNotPresented({
  planned: { change },
}: UnchangedDeployment): Promise<{ served: boolean | null; warnings: string[] }> {
  const served = await servedLocally(change, change.version, new Set());
  if (served !== false || change.activate === null) return { served, warnings: [] };
  const before = workersToReplace(change);
  const reload = await activate(change.activate, change.commandTimeoutSeconds);
  const told = reload.ok ? 'told to read them again' : `told to read them again: ${reload.told}`;
  return {
    served: await servedLocally(change, change.version, before),
    warnings: [`the files were in place but not served, so the daemon was ${told}`],
  };
}
