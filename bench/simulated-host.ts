// A host without files, daemons and endpoints: it only answers jobs. A benchmark with it measures everything except the host.

import { agentLine } from '../core/deployment/agent-line.ts';
import type { VersionFacts } from '../core/deployment/version.ts';
import { makeHostKey, publicHostKey } from '../core/seal/host-key.ts';
import { readJob } from '../core/seal/job-text.ts';
import type { SimulatedHost } from '../local/ssm/simulated.ts';
import { withoutSignature } from '../test/fixtures/signed-jobs.ts';

/** Answers like an agent that installs `version` successfully. Calls `onApplied` with the id of each target. */
export async function simulatedHosts(
  version: VersionFacts,
  onApplied: (targetId: string) => void,
): Promise<SimulatedHost> {
  const hostKey = publicHostKey(await makeHostKey());
  return async ({ job }) => {
    const read = readJob(withoutSignature(job));
    const { deploymentId, targetId, action } = read.sealed ? read.header : read.job.header;
    const about = { deploymentId, targetId, hostKey };
    if (action === 'enroll')
      return JSON.stringify(agentLine({ ...about, outcome: 'enrolled', summary: 'enrolled' }));
    onApplied(targetId);
    return JSON.stringify(agentLine({ ...about, outcome: 'applied', summary: 'applied', version }));
  };
}
