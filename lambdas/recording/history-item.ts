import * as z from 'zod/mini';
import { cutText } from '../../core/bounds/cut-text.ts';
import { boundedReport } from '../../core/bounds/recorded-deployment.ts';
import type { RequestAction } from '../../core/deployment/deployment.ts';
import { Host } from '../../core/targets/target.ts';
import type { HistoryItem } from '../../services/history/history.ts';
import type { HostLockItem } from '../../services/locks/host-locks.ts';
import type { OutcomeReport } from './deployment-outcome.ts';
import { durationsOf, type Phases } from './durations.ts';

/** The readable fields of the input of an execution, even if other fields are invalid. */
const RequestFields = z.object({
  target: z.catch(
    z.object({
      id: z.catch(z.string(), ''),
      certificate: z.catch(z.string(), ''),
      host: z.catch(z.nullable(Host), null),
    }),
    { id: '', certificate: '', host: null },
  ),
  action: z.catch(z.nullable(z.enum(['deploy', 'validate', 'rollback'])), null),
  version: z.catch(z.nullable(z.object({ fingerprint: z.string() })), null),
  requestNumber: z.catch(z.nullable(z.int()), null),
  rollout: z.catch(z.nullable(z.string()), null),
  splaySeconds: z.catch(z.int(), 0),
});

/**
 * The fields of a history item that come from the request. `targetId` is `unknown` if the input has none. `host` and
 * `splaySeconds` are not part of the item: they identify the host lock and the delay before the first lock attempt.
 */
export interface RequestFacts {
  readonly host: string | null;
  readonly targetId: string;
  readonly certificate: string | null;
  readonly action: RequestAction | null;
  readonly fingerprint: string | null;
  readonly requestNumber: number | null;
  readonly rollout: string | null;
  readonly splaySeconds: number;
}

export function requestFactsOf(request: unknown): RequestFacts {
  const parsed = RequestFields.safeParse(request);
  const { target, action, version, requestNumber, rollout, splaySeconds } = parsed.success
    ? parsed.data
    : {
        target: { id: '', certificate: '', host: null },
        action: null,
        version: null,
        requestNumber: null,
        rollout: null,
        splaySeconds: 0,
      };
  return {
    host: target.host,
    targetId: target.id.slice(0, 64) || 'unknown',
    certificate: target.certificate.slice(0, 255) || null,
    action,
    fingerprint: version?.fingerprint ?? null,
    requestNumber,
    // the key of an index: an item with a longer one is refused
    rollout: (rollout === null ? null : cutText(rollout, 255)) || null,
    splaySeconds,
  };
}

/** The facts about an ended execution. `fence` is null if it never held the lock. Times are ISO 8601. */
export interface EndedDeployment {
  readonly facts: RequestFacts;
  readonly ending: OutcomeReport;
  readonly deploymentId: string;
  readonly executionArn: string;
  readonly startedAt: string;
  readonly endedAt: Date;
  readonly fence: number | null;
  readonly previousFingerprint: string | null;
  /** The lock of the host, which is the last lock that a deployment takes. */
  readonly lock: Pick<HostLockItem, 'acquiredAt'> | null;
  readonly phases: Phases;
  readonly recordedBy: HistoryItem['recordedBy'];
}

/** The history item of an ended execution. */
export function historyItem({
  facts,
  ending,
  endedAt,
  lock,
  phases,
  ...ended
}: EndedDeployment): HistoryItem {
  const { certificate, rollout, host: _, splaySeconds, ...requested } = facts;
  const times = {
    askedAt: Date.parse(ended.startedAt) + splaySeconds * 1000,
    lockedAt: lock?.acquiredAt ? Date.parse(lock.acquiredAt) : null,
    endedAt: endedAt.getTime(),
  };
  return {
    ...requested,
    ...(certificate !== null && { certificate }),
    ...(rollout !== null && { rollout }),
    ...boundedReport(ending),
    ...ended,
    endedAt: endedAt.toISOString(),
    durations: durationsOf(ending.outcome, times, phases),
  };
}
