import { type AgentLine, agentLine, type Observation } from '../../core/deployment/agent-line.ts';
import type { JobHeader, ProbeRequest } from '../../core/deployment/job.ts';
import type { Home } from '../host/home.ts';
import { readReceipt, receiptsOf } from '../journal/receipt.ts';
import { installedVersion } from './undo.ts';

/**
 * Job `inspect`. With a probe: what this host sees on the endpoint (`probeFrom: host`). Without: how the deployment
 * that the header names ended here; `lost` when it never ran, or died and was undone by the recovery just before.
 */
export async function inspect(home: Home, header: JobHeader, probe: ProbeRequest | null): Promise<AgentLine> {
  if (probe !== null) return observed(header, await look(probe));
  const receipt = readReceipt(home, header.targetId, header.deploymentId);
  if (receipt !== null && !receipt.undone) return receipt.line;
  return agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: 'lost',
    summary:
      receipt === null
        ? 'this deployment never ended on this host: it did not run, or died and was undone'
        : 'this deployment was undone on this host',
    version: installedVersion(receiptsOf(home, header.targetId)),
  });
}

async function look(request: ProbeRequest): Promise<Observation[]> {
  const { probe } = await import('../../core/tls-probe/probe.ts');
  return probe(request);
}

function observed(header: JobHeader, observations: Observation[]): AgentLine {
  return agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: 'inspected',
    summary: `looked at ${observations.length} handshakes from this host`,
    observations,
  });
}
