import {
  healedAtOnce,
  healingName,
  healingRequest,
  type Patient,
  reasonNotToHeal,
} from '../../core/drift/healing.ts';
import type { Executions } from '../../services/executions.ts';
import type { CertificateStatus } from './certificate-status.ts';

/** One certificate's targets that are not as they should be, and whether they are deployed to again. */
export interface Healing {
  readonly certificate: string;
  /** The execution that was started, by this sweep or another of the same hour; null when none was. */
  readonly rollout: string | null;
  readonly targets: number;
  readonly summary: string;
}

interface Services {
  readonly executions: Pick<Executions, 'start'>;
  readonly rolloutArn: () => string;
  readonly now: Date;
}

const notStarted = (error: unknown) =>
  new Error(`could not be started (${error instanceof Error ? error.name : 'no reason given'})`);

/** Starts at most one rollout for a certificate. Null when none of its targets is to be healed. */
export async function heal(
  {
    certificate,
    patients,
    state,
  }: { certificate: string; patients: readonly Patient[]; state: CertificateStatus },
  by: Services,
): Promise<Healing | null> {
  const wanted = patients.filter((patient) => reasonNotToHeal(patient) === null);
  if (wanted.length === 0) return null;
  const chosen = healedAtOnce(wanted);
  const targets = chosen.length;
  if (state.notNow !== null) return { certificate, rollout: null, targets: 0, summary: state.notNow };
  const name = healingName(certificate, by.now);
  const started = await by.executions
    .start(by.rolloutArn(), name, healingRequest(certificate, chosen))
    .catch(notStarted);
  // one that cannot be started must not keep the other certificates' from it
  if (started instanceof Error) return { certificate, rollout: null, targets: 0, summary: started.message };
  const left = wanted.length - targets;
  const later = left === 0 ? '' : `; ${left} more at the next sweep`;
  return {
    certificate,
    rollout: name,
    targets: started ? targets : 0,
    summary: started ? `${targets} deployed to again${later}` : 'started already within this hour',
  };
}
