import { counted } from '../../core/counted.ts';
import {
  type HealingCandidate,
  healingName,
  healingRequest,
  limitToOneRollout,
  reasonNotToHeal,
} from '../../core/drift/plan-healing.ts';
import type { Executions } from '../../services/executions.ts';
import type { CertificateStatus } from '../../services/status/certificate-status.ts';

/** The healing of one certificate's targets. */
export interface Healing {
  readonly certificate: string;
  /** The execution that this sweep, or another one of the same hour, has started; null when there is none. */
  readonly rollout: string | null;
  /** Number of targets that this sweep heals. */
  readonly targets: number;
  readonly summary: string;
}

interface Services {
  readonly executions: Pick<Executions, 'start'>;
  readonly rolloutArn: () => string;
  readonly now: Date;
}

const startError = (error: unknown) =>
  new Error(`the rollout could not be started (${error instanceof Error ? error.name : 'unknown error'})`);

/** Starts at most one rollout for a certificate. Null when none of its targets needs healing. */
export async function startHealing(
  {
    certificate,
    candidates,
    status,
  }: { certificate: string; candidates: readonly HealingCandidate[]; status: CertificateStatus },
  by: Services,
): Promise<Healing | null> {
  const healable = candidates.filter((candidate) => reasonNotToHeal(candidate) === null);
  if (healable.length === 0) return null;
  const chosen = limitToOneRollout(healable);
  const targets = chosen.length;
  if (status.blockedBy !== null) {
    return { certificate, rollout: null, targets: 0, summary: status.blockedBy };
  }
  const name = healingName(certificate, by.now);
  const started = await by.executions
    .start(by.rolloutArn(), name, healingRequest(certificate, chosen))
    .catch(startError);
  // an error here must not prevent the healing of other certificates
  if (started instanceof Error) return { certificate, rollout: null, targets: 0, summary: started.message };
  const remaining = healable.length - targets;
  const later = remaining === 0 ? '' : `; the next sweep continues with ${remaining} more`;
  return {
    certificate,
    rollout: name,
    targets: started ? targets : 0,
    summary: started
      ? `healing ${counted(targets, 'target')}${later}`
      : 'a healing rollout was already started this hour',
  };
}
