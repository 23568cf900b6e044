import { maximumPartBytes, type RolloutRequest } from '../rollout/rollout.ts';
import { periodicName } from '../rollout/source-check.ts';
import type { Finding } from './finding.ts';

/** An unhealthy target, with the facts that decide whether the sweep deploys to it again. */
export interface HealingCandidate {
  readonly finding: Finding;
  /** The id of the registered target, and the host that the finding is about. */
  readonly registeredId: string;
  readonly host: string;
  readonly autoHeal: boolean;
  /** The target selects its hosts by tag or Auto Scaling group: a new host may have no deployment yet. */
  readonly onSeveralHosts: boolean;
  /** The last deployment, if there was one. `rollout` null: an operator deployed to this target alone. */
  readonly last: { readonly outcome: string; readonly rollout: string | null | undefined } | null;
}

const succeededOutcomes: readonly string[] = [
  'deployed',
  'deployed_unverified',
  'deployed_unprobed',
  'unchanged',
];

/**
 * The reason why the sweep does not heal a target; null if it does. A deployment cannot heal an unreachable endpoint or an
 * old certificate. It could make an endpoint of several hosts worse. It must not override an operator's deployment, nor run
 * while manual action is required.
 */
export function reasonNotToHeal(candidate: HealingCandidate): string | null {
  const { finding, autoHeal, onSeveralHosts, last } = candidate;
  switch (finding.condition) {
    case 'ok':
    case 'not_probed':
      return 'nothing is wrong with it';
    case 'unreachable':
      return 'the endpoint is unreachable: a deployment could not be verified';
    case 'expired':
    case 'expiring':
      return 'it has the current version: renew the certificate';
    case 'never_deployed':
      // a selector by tag or group promises the certificate to each new host, so this needs no autoHeal
      return onSeveralHosts ? null : 'it has no deployment yet: roll out the certificate';
    case 'drift':
    case 'outdated':
    case 'chain_incomplete':
      break;
  }
  if (!autoHeal) return 'the target does not have autoHeal: true';
  if (finding.partial) return 'only some addresses are wrong: other hosts serve the endpoint too';
  if (last?.outcome === 'rollback_failed') return 'its last rollback failed: manual action required';
  if (last?.outcome === 'rolled_back_unverified')
    return 'its last rollback is not verified: manual action required';
  const isManual = last !== null && last.rollout === null && succeededOutcomes.includes(last.outcome);
  return finding.condition === 'outdated' && isManual ? 'an operator deployed this version' : null;
}

/** Reserve for the field names of a part, in bytes. */
const fieldNameBytes = 100;

/** The first candidates, as many as the part of one rollout can name. The next sweep heals the rest. */
export function limitToOneRollout(candidates: readonly HealingCandidate[]): readonly HealingCandidate[] {
  const named = new Set<string>();
  let bytes = fieldNameBytes;
  for (const [at, { registeredId, host }] of candidates.entries()) {
    for (const name of [`target ${registeredId}`, `host ${host}`]) {
      if (!named.has(name)) bytes += name.length;
      named.add(name);
    }
    if (bytes > maximumPartBytes) return candidates.slice(0, at);
  }
  return candidates;
}

/** The request for a rollout that deploys the current version to some targets of a certificate again. */
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
    // maintenance windows do not protect a host that has no certificate yet
    urgent: chosen.every(({ finding }) => finding.condition === 'never_deployed'),
    // no approval, and no halt after failures: the next sweep retries the targets that failed
    strategy: {
      waves: [1, '100%'],
      toleratedFailures: '100%',
      pauseSeconds: 0,
      approvalAfterWave: 0,
      onHalt: 'stop',
    },
  };
}

/** Sweeps within this time start only one rollout per certificate. */
const windowSeconds = 3600;

/** `heal-api-example-com-1f2e3d4c-490812`: the same for all sweeps of one hour, so that only one of them starts it. */
export function healingName(certificate: string, now: Date): string {
  return periodicName('heal', certificate, Math.floor(now.getTime() / 1000 / windowSeconds));
}

function summaryOf(candidates: readonly HealingCandidate[]): string {
  const counts = new Map<string, number>();
  for (const { finding } of candidates)
    counts.set(finding.condition, (counts.get(finding.condition) ?? 0) + 1);
  return [...counts].map(([condition, count]) => `${count} ${condition}`).join(', ');
}

const distinct = (values: readonly string[]) => [...new Set(values)].sort();
