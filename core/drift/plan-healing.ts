import { maximumPartBytes, type RolloutRequest } from '../rollout/rollout.ts';
import { periodicName } from '../rollout/source-check.ts';
import type { Finding } from './finding.ts';

/** A target that is not as it should be, with what decides whether it is deployed to again. */
export interface HealingCandidate {
  readonly finding: Finding;
  /** As it is registered, and one of its hosts. */
  readonly registeredId: string;
  readonly host: string;
  readonly autoHeal: boolean;
  /** It is on whatever hosts bear a tag or are in a group: a host may have come without anybody hearing of it. */
  readonly onSeveralHosts: boolean;
  /** The last deployment's, where there was one. `rollout` null: a person asked for it, for this target alone. */
  readonly last: { readonly outcome: string; readonly rollout: string | null | undefined } | null;
}

const wellEnded: readonly string[] = ['deployed', 'deployed_unverified', 'unchanged'];

/**
 * Why a target that is not as it should be is left alone, in words; null when it is to be deployed to again. Never
 * healed is what a deployment cannot mend (nobody answers, the certificate itself is old), what it could make worse
 * (an endpoint with several nodes, of which some are right), and what a person decided or has to.
 */
export function reasonNotToHeal(patient: HealingCandidate): string | null {
  const { finding, autoHeal, onSeveralHosts, last } = patient;
  switch (finding.condition) {
    case 'ok':
    case 'not_probed':
      return 'nothing is wrong with it';
    case 'unreachable':
      return 'nobody answers there: a deployment could not be verified';
    case 'expired':
    case 'expiring':
      return 'it has the current version: a newer one is needed';
    case 'never_deployed':
      if (!onSeveralHosts) return 'it was never deployed to: roll the certificate out';
      break;
    case 'drift':
    case 'outdated':
    case 'chain_incomplete':
      break;
  }
  if (!autoHeal) return 'the target does not say autoHeal';
  if (finding.partial) return 'only some of the addresses are wrong: another node behind the endpoint';
  if (last?.outcome === 'rollback_failed') return 'its last rollback failed: a person is needed';
  const byHand = last !== null && last.rollout === null && wellEnded.includes(last.outcome);
  return finding.condition === 'outdated' && byHand ? 'a person put this version there' : null;
}

/** Room for the field names of a part, in bytes. */
const namesBytes = 100;

/** The first of them, as many as a part may name: what is left over is healed next time. */
export function limitToOneRollout(patients: readonly HealingCandidate[]): readonly HealingCandidate[] {
  const named = new Set<string>();
  let bytes = namesBytes;
  for (const [at, { registeredId, host }] of patients.entries()) {
    for (const name of [`target ${registeredId}`, `host ${host}`]) {
      if (!named.has(name)) bytes += name.length;
      named.add(name);
    }
    if (bytes > maximumPartBytes) return patients.slice(0, at);
  }
  return patients;
}

/** One rollout that puts the current version on some of a certificate's targets again. */
export function healingRequest(certificate: string, chosen: readonly HealingCandidate[]): RolloutRequest {
  return {
    certificate,
    version: 'current',
    only: {
      targets: distinct(chosen.map(({ registeredId }) => registeredId)),
      hosts: distinct(chosen.map(({ host }) => host)),
    },
    reason: `drift sweep: ${summaryOf(chosen)}`,
    repeat: true,
    urgent: false,
    // nobody is asked, and none waits for another's failure: the next sweep tries those again
    strategy: {
      waves: [1, '100%'],
      toleratedFailures: '100%',
      pauseSeconds: 0,
      approvalAfterWave: 0,
      onHalt: 'stop',
    },
  };
}

/** Two sweeps within this time start one rollout between them. */
const windowSeconds = 3600;

/** `heal-api-example-com-1f2e3d4c-490812`: the same for every sweep of the same hour, so that only one can start it. */
export function healingName(certificate: string, now: Date): string {
  return periodicName('heal', certificate, Math.floor(now.getTime() / 1000 / windowSeconds));
}

function summaryOf(patients: readonly HealingCandidate[]): string {
  const counts = new Map<string, number>();
  for (const { finding } of patients) counts.set(finding.condition, (counts.get(finding.condition) ?? 0) + 1);
  return [...counts].map(([condition, count]) => `${count} ${condition}`).join(', ');
}

const distinct = (values: readonly string[]) => [...new Set(values)].sort();
