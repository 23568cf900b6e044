import type { ProbeResult, PushResult } from '../../../core/deployment/deployment.ts';

/** What a host said, as a state sees it. */
export function pushResult(known: Pick<PushResult, 'outcome'> & Partial<PushResult>): PushResult {
  return {
    summary: `the host said ${known.outcome}`,
    reason: null,
    version: null,
    previousVersion: null,
    warnings: [],
    validatedIn: null,
    served: null,
    repair: null,
    commandId: 'c-1',
    ...known,
  };
}

/** How a look ended. */
export function probeResult(known: Partial<ProbeResult>): ProbeResult {
  return { verdict: 'exhausted', attempt: 3, waitSeconds: 0, summary: 'seen', observations: [], ...known };
}
