import { DeploymentOutcome, outcomeMeanings } from '../deployment/outcome.ts';
import type { RegisteredTarget } from '../targets/registered.ts';
import type { Finding, ServedLeaf } from './finding.ts';
import { bySeverity, isProblem } from './severity.ts';
import type { ReportedCondition } from './sweep-report.ts';

/** A target on one host, as `certferry status` lists it: what the registry has, or what a probe found. */
export interface TargetStatus {
  readonly targetId: string;
  readonly certificate: string;
  /** Null if the hosts of the target could not be determined. */
  readonly host: string | null;
  /** `not_probed`: the registry shows no problem. A probe replaces condition, days and summary. */
  readonly condition: ReportedCondition;
  readonly summary: string;
  /** Whole days; null if the expiry is unknown. */
  readonly daysToExpiry: number | null;
  /** Of the version that the last deployment left on the host; null if it is unknown. */
  readonly fingerprint: string | null;
  /** Epoch seconds; null if unknown. */
  readonly notAfter: number | null;
  /** The leaf that a probe received; null without a probe or without an answer. */
  readonly served: ServedLeaf | null;
  /** The current version of the certificate; null before the first successful rollout. */
  readonly currentFingerprint: string | null;
  /** The last deployment that is recorded for this host. Null before the first one. */
  readonly lastDeployment: {
    readonly deploymentId: string;
    /** A {@link DeploymentOutcome}, or one of a newer version. */
    readonly outcome: string;
    /** ISO 8601. */
    readonly at: string;
  } | null;
  /** The execution that holds the lock of the target; null if the lock is free. */
  readonly lock: {
    readonly executionName: string;
    /** ISO 8601; null if the lock has no time. */
    readonly since: string | null;
  } | null;
}

/** The leaf that clients receive, as far as it is known: that of a probe, otherwise that of the last deployment. */
export function knownLeaf({ served, fingerprint, notAfter }: TargetStatus): {
  readonly fingerprint: string | null;
  readonly notAfter: number | null;
} {
  return served ?? { fingerprint, notAfter };
}

/** Whether someone must act: the condition is a problem, or the last deployment did not succeed. */
export function needsAction({ condition, lastDeployment }: TargetStatus): boolean {
  return isProblem(condition) || (lastDeployment !== null && !hasSucceeded(lastDeployment.outcome));
}

/** The targets that need action first, each part by severity, then what expires first. */
export function byUrgency(one: TargetStatus, other: TargetStatus): number {
  return (
    Number(needsAction(other)) - Number(needsAction(one)) ||
    bySeverity(one, other) ||
    expiryForSorting(one) - expiryForSorting(other) ||
    (one.targetId < other.targetId ? -1 : 1)
  );
}

/** A target that has no records yet. */
export function undeployedStatus({
  id: targetId,
  certificate,
  host,
}: Pick<RegisteredTarget, 'id' | 'certificate' | 'host'>): TargetStatus {
  return {
    targetId,
    certificate,
    host: typeof host === 'string' ? host : null,
    condition: 'never_deployed',
    summary: 'certferry has not deployed to it yet',
    daysToExpiry: null,
    fingerprint: null,
    notAfter: null,
    served: null,
    currentFingerprint: null,
    lastDeployment: null,
    lock: null,
  };
}

/** Unknown expiries come last. Finite, so that the difference of two is a number. */
const expiryForSorting = (status: TargetStatus) => knownLeaf(status).notAfter ?? Number.MAX_SAFE_INTEGER;

/** The statuses with the findings of probes, by target id. Targets without a finding stay as they are. */
export function withFindings(
  statuses: readonly TargetStatus[],
  found: ReadonlyMap<string, Pick<Finding, 'summary' | 'daysToExpiry' | 'served'> & { condition: string }>,
): TargetStatus[] {
  return statuses.map((status) => {
    const finding = found.get(status.targetId);
    if (finding === undefined) return status;
    const { condition, summary, daysToExpiry, served } = finding;
    return { ...status, condition: condition as ReportedCondition, summary, daysToExpiry, served };
  });
}

function hasSucceeded(outcome: string): boolean {
  const known = DeploymentOutcome.safeParse(outcome);
  return known.success && outcomeMeanings[known.data].succeeded;
}
