import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader, ProbeRequest } from '../../core/deployment/job.ts';
import { CertferryError, isCertferryError } from '../../core/errors.ts';
import { readJob } from '../../core/seal/job-text.ts';
import { refuseExpired } from '../journal/fence.ts';
import { rejected, resultLine } from '../journal/result-line.ts';
import { inspectEndpoints } from './inspect-endpoints.ts';

/**
 * The only work of the agent in the role `probe`: the job `inspect` with a probe (`probeFrom: host`) or with endpoints (drift
 * sweep). It neither reads nor changes the agent's folder, so it needs no signature and no lock: no deployment waits for it,
 * and it waits for none.
 * @throws CertferryError JobUnreadable for any other job
 */
export async function performProbe(text: string): Promise<AgentLine> {
  const read = readJob(text);
  if (read.sealed || read.job.header.action !== 'inspect') throw onlyProbes();
  const { header, probe, inspections } = read.job;
  try {
    refuseExpired(header, new Date());
  } catch (error) {
    if (isCertferryError(error)) return rejected(header, error);
    throw error;
  }
  if (inspections !== undefined) return inspectEndpoints(header, inspections);
  if (probe !== null) return probeEndpoint(header, probe);
  throw onlyProbes();
}

function onlyProbes(): CertferryError {
  return new CertferryError(
    'JobUnreadable',
    'this SSM document can only probe: send any other job, signed, with the document for jobs',
  );
}

async function probeEndpoint(header: JobHeader, request: ProbeRequest): Promise<AgentLine> {
  const { probe } = await import('../../core/tls-probe/probe.ts');
  const observations = await probe(request);
  return resultLine(header, {
    outcome: 'inspected',
    summary: `${observations.length} ${observations.length === 1 ? 'probe' : 'probes'} from this host`,
    observations,
  });
}
