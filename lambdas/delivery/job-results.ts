import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { ProbeResult, PushResult } from '../../core/deployment/deployment.ts';
import type { CertferryError } from '../../core/errors.ts';
import type { Verify } from '../../core/targets/verify.ts';
import { judge } from '../../core/tls-probe/judge.ts';
import { nextWaitSeconds } from '../../core/tls-probe/schedule.ts';
import type { Invocation } from '../../services/ssm/commands.ts';

const nothingKnown = {
  version: null,
  previousVersion: null,
  warnings: [],
  validatedIn: null,
  served: null,
  repair: null,
  commandId: null,
} as const satisfies Partial<PushResult>;

/** The agent's line as a state of the machine sees it: without what only the registry needs. */
export function pushResult(line: AgentLine, commandId: string): PushResult {
  const { outcome, summary, reason, version, previousVersion, warnings, validatedIn, served, repair } = line;
  return {
    outcome,
    summary,
    reason,
    version,
    previousVersion,
    warnings,
    validatedIn,
    served,
    repair,
    commandId,
  };
}

/**
 * An `inspect` job's answer to "how did this deployment end?". A host that has no closed receipt for it says `lost`
 * or merely `inspected`: either way nobody knows, or it was undone. One that refuses the question (it came too late) has
 * not answered it: a deployment that was refused leaves no receipt, so `rejected` is never about the deployment.
 */
export function reconciledResult(line: AgentLine, commandId: string): PushResult {
  const result = pushResult(line, commandId);
  const isAnswer = result.outcome !== 'inspected' && result.outcome !== 'rejected';
  return isAnswer ? result : { ...result, outcome: 'lost', reason: 'HostLost' };
}

/** A refusal before anything reached the host. */
export function refusedResult({ name, message }: Pick<CertferryError, 'name' | 'message'>): PushResult {
  return { ...nothingKnown, warnings: [], outcome: 'rejected', summary: message, reason: name };
}

/** The command ended without a line: the agent never started, was killed, or could not be reached. */
export function lostResult(commandId: string, status: string, errors: string): PushResult {
  return {
    ...nothingKnown,
    warnings: [],
    outcome: 'lost',
    summary: withoutLine(status, errors),
    reason: 'HostLost',
    commandId,
  };
}

/** At most this much of a host's error output goes into a summary. */
const shownErrorCharacters = 300;

function withoutLine(status: string, errors: string): string {
  const tail = errors.trim().replaceAll(/\s+/g, ' ').slice(-shownErrorCharacters);
  return `the command ended ${status} without a word from the agent${tail === '' ? '' : `: ${tail}`}`;
}

/** How the look at an endpoint from its own host ended; a host that said nothing has seen nothing. */
export function hostProbeResult(
  line: AgentLine | null,
  invocation: Pick<Invocation, 'status' | 'errors'>,
  { verify, attempt }: { verify: Verify; attempt: number },
): ProbeResult {
  const observations = line?.observations ?? [];
  const verdict = observations.length > 0 ? judge(observations, verify) : null;
  const summary = verdict?.summary ?? line?.summary ?? withoutLine(invocation.status, invocation.errors);
  return probeResult({ verified: verdict?.verified ?? false, summary }, observations, { verify, attempt });
}

/** A look's verdict and, when another is due, how long to wait for it. `attempt` counts the looks before this one. */
export function probeResult(
  { verified, summary }: { verified: boolean; summary: string },
  observations: ProbeResult['observations'],
  { verify, attempt }: { verify: Verify; attempt: number },
): ProbeResult {
  const made = attempt + 1;
  const wait = verified ? null : nextWaitSeconds(verify, made);
  const verdict = verified ? 'verified' : wait === null ? 'exhausted' : 'retry';
  return { verdict, attempt: made, waitSeconds: wait ?? 0, summary, observations };
}
