// A host that only answers: it opens nothing, writes nothing and serves nothing. What it shows is the work of everything
// but the host.
import { agentLine } from '../core/deployment/agent-line.ts';
import type { VersionFacts } from '../core/deployment/version.ts';
import { makeHostKey, publicHostKey } from '../core/seal/host-key.ts';
import { readJob } from '../core/seal/job-text.ts';
import type { SimulatedHost } from '../local/ssm/simulated.ts';

/** Answers what an agent would that carries `version` without a hitch, and tells `onApplied` each target it was for. */
export async function simulatedHosts(
  version: VersionFacts,
  onApplied: (targetId: string) => void,
): Promise<SimulatedHost> {
  const hostKey = publicHostKey(await makeHostKey());
  return async ({ job }) => {
    const read = readJob(job);
    const { deploymentId, targetId, action } = read.sealed ? read.header : read.job.header;
    const about = { deploymentId, targetId, hostKey };
    if (action === 'enroll')
      return JSON.stringify(agentLine({ ...about, outcome: 'enrolled', summary: 'enrolled' }));
    onApplied(targetId);
    return JSON.stringify(agentLine({ ...about, outcome: 'applied', summary: 'applied', version }));
  };
}
