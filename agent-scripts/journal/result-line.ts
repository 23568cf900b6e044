import { boundedLine } from '../../core/bounds/agent-line.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { CertferryError } from '../../core/errors.ts';
import { presentableSentence } from '../host/presentable-output.ts';

/**
 * The agent's result for one deployment; fields that are not given are null. Text with part of a private key is withheld,
 * whichever error or daemon it comes from. The result fits into the output that SSM keeps.
 */
export function resultLine(
  { deploymentId, targetId }: Pick<AgentLine, 'deploymentId' | 'targetId'>,
  fields: Pick<AgentLine, 'outcome' | 'summary'> & Partial<AgentLine>,
): AgentLine {
  const observations = fields.observations?.map((observation) => ({
    ...observation,
    problem: observation.problem === null ? null : presentableSentence(observation.problem),
  }));
  const line = agentLine({
    deploymentId,
    targetId,
    ...fields,
    summary: presentableSentence(fields.summary),
    warnings: (fields.warnings ?? []).map(presentableSentence),
    ...(observations !== undefined && { observations }),
  });
  return boundedLine(line);
}

/** The result of a refused job. */
export function rejected(
  header: Pick<AgentLine, 'deploymentId' | 'targetId'>,
  error: CertferryError,
): AgentLine {
  return resultLine(header, {
    outcome: 'rejected',
    summary: error.message,
    reason: error.name,
  });
}
