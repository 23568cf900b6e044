import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { InspectionRequest, JobHeader } from '../../core/deployment/job.ts';
import { resultLine } from '../journal/result-line.ts';

/**
 * Job `inspect` with endpoints, for the drift sweep: returns what each endpoint serves to this host.
 */
export async function inspectEndpoints(
  header: JobHeader,
  requests: readonly InspectionRequest[],
): Promise<AgentLine> {
  const { inspectForSweep } = await import('../../core/tls-probe/inspect-for-sweep.ts');
  const inspections = await inspectForSweep(requests, new Date());
  return resultLine(header, {
    outcome: 'inspected',
    summary: `inspected ${inspections.length} ${inspections.length === 1 ? 'endpoint' : 'endpoints'} from this host`,
    inspections,
  });
}
