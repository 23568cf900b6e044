import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';

/** The agent's result for one deployment; fields that are not given are null. */
export function resultLine(
  { deploymentId, targetId }: Pick<AgentLine, 'deploymentId' | 'targetId'>,
  fields: Pick<AgentLine, 'outcome' | 'summary'> & Partial<AgentLine>,
): AgentLine {
  return agentLine({ deploymentId, targetId, ...fields });
}
