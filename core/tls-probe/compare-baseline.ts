import { shortFingerprint } from '../certificate/describe.ts';
import type { Observation } from '../deployment/agent-line.ts';
import type { Baseline } from '../deployment/baseline.ts';
import type { VersionFacts } from '../deployment/version.ts';

type Served = Pick<Observation, 'address' | 'fingerprint'>;

/** The two versions of a deployment. Null: unknown, or there was none. */
export interface Versions {
  readonly version: VersionFacts | null;
  readonly previousVersion: VersionFacts | null;
}

/**
 * Why the endpoint is as it was before the deployment, although it serves neither of the two versions: no address answered,
 * or each serves the same foreign certificate. Null otherwise. `from`: where the observations were made.
 */
export function asBeforeText(
  baseline: Baseline,
  observations: readonly Served[],
  { version, previousVersion, from }: Versions & { readonly from: Baseline['from'] },
): string | null {
  const ours = [version?.fingerprint, previousVersion?.fingerprint];
  if (observations.length === 0 || observations.some(({ fingerprint }) => ours.includes(fingerprint ?? '')))
    return null;
  if (isUnreachable(baseline) && !observations.some(hasAnswered)) {
    return from === baseline.from ? 'the endpoint was unreachable before the change' : null;
  }
  return observations.every((observation) => isSame(observation, baseline, from))
    ? 'the endpoint served the same certificate before the change'
    : null;
}

/** What a failed verification means if every address still serves the leaf from before the change. Null otherwise. */
export function withoutEffectText(
  baseline: Baseline,
  observations: readonly Served[],
  { version, previousVersion, inPlace }: Versions & { readonly inPlace?: true | undefined },
): string | null {
  const served = new Set(observations.map(({ fingerprint }) => fingerprint));
  const before = new Set(baseline.addresses.map(({ fingerprint }) => fingerprint));
  const [fingerprint] = served;
  if (served.size !== 1 || !fingerprint || !before.has(fingerprint)) return null;
  if (fingerprint === version?.fingerprint) return null;
  return inPlace === true || previousVersion?.fingerprint === fingerprint
    ? 'the endpoint still serves the previous version; the reload had no effect'
    : 'the endpoint served the same certificate before the change, so it may not reach this target';
}

/** Whether an address served the version before the deployment. */
export function hasServed(baseline: Baseline, version: VersionFacts): boolean {
  return baseline.addresses.some(({ fingerprint }) => fingerprint === version.fingerprint);
}

/** Warnings of a dry run: its deployment could not be verified. `installed` is the version in the files on the host. */
export function baselineWarnings(baseline: Baseline, installed: VersionFacts | null): string[] {
  const [first] = baseline.addresses;
  if (first === undefined) return [];
  if (isUnreachable(baseline)) {
    return [
      `the endpoint is unreachable (${first.address}: ${first.problem}); a deployment cannot be verified and is rolled back`,
    ];
  }
  if (installed === null || hasServed(baseline, installed)) return [];
  const served = baseline.addresses.find(hasAnswered)?.fingerprint ?? '';
  return [
    `the endpoint serves ${shortFingerprint(served)}, and the files on the host contain ${shortFingerprint(installed.fingerprint)}. It may not reach this target, or the daemon has not loaded the files.`,
  ];
}

function isUnreachable({ addresses }: Baseline): boolean {
  return addresses.length > 0 && !addresses.some(hasAnswered);
}

const hasAnswered = ({ fingerprint }: Pick<Served, 'fingerprint'>): boolean => fingerprint !== null;

/** From another network, the same endpoint may have other addresses, and may be unreachable for another reason. */
function isSame({ address, fingerprint }: Served, baseline: Baseline, from: Baseline['from']): boolean {
  const before =
    from === baseline.from
      ? baseline.addresses.filter((one) => one.address === address)
      : baseline.addresses.filter(hasAnswered);
  return before.some((one) => one.fingerprint === fingerprint);
}
