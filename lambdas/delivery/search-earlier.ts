import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Deployment } from '../../core/deployment/deployment.ts';
import { outcomeMeanings } from '../../core/deployment/outcome.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { installationDigest } from '../../core/targets/installation-digest.ts';
import type { Target } from '../../core/targets/target.ts';
import type { History, HistoryItem } from '../../services/history/history.ts';
import { keepCopy } from '../../services/previous-bundles/keep-copy.ts';
import type { KeptBundles } from '../../services/previous-bundles/kept-bundles.ts';
import {
  bundlesOf,
  type OfTarget,
  type SearchedBundles,
} from '../../services/previous-bundles/previous-bundles.ts';
import type { InstalledVersions } from '../../services/registry/installed-versions.ts';
import type { FindEarlier } from './earlier-bundles.ts';

/** The services that the search for earlier versions requires. */
export interface SearchServices {
  readonly installed: Pick<InstalledVersions, 'of'>;
  readonly history: Pick<History, 'list'>;
  readonly kept: Pick<KeptBundles, 'keep'>;
  readonly previousBundles: (of: OfTarget) => SearchedBundles;
}

/**
 * Searches the earlier versions that the agent on a host may need. Unless the deployment is a dry run, a copy of each is kept
 * before the job is sent: RollBack and ReconcileCommand may not read sources, and send these copies. The new version is kept too,
 * because a deployment that only repairs the chain replaces the same version.
 *
 * Throws SourceUnavailable if a source cannot be read now, and CredentialUnavailable if a copy cannot be read or written.
 */
export function searchEarlier(by: SearchServices): FindEarlier {
  return async (deployment, bundle) => {
    const { action, target } = deployment;
    const previous = by.previousBundles({ targetId: target.id, certificate: target.certificate });
    const versions = await neededVersions(by, deployment);
    const inSource = await previous.previousInSource();
    const [needed, helpful] = await Promise.all([
      bundlesOf(previous, versions),
      bundlesOf(previous, inSource === null || versions.includes(inSource) ? [] : [inSource]),
    ]);
    if (action !== 'validate') {
      // the needed ones last: they are then the latest copies, the first needed version the very latest
      await keepAll(by, target, [...(bundle === null ? [] : [bundle]), ...helpful, ...needed.toReversed()]);
    }
    return { needed, helpful };
  };
}

async function keepAll(
  { kept }: Pick<SearchServices, 'kept'>,
  { id: targetId }: Target,
  bundles: readonly Bundle[],
): Promise<void> {
  const all = bundles.flatMap(({ leaf }) => factsOfPem(leaf)?.fingerprint ?? []);
  for (const bundle of bundles) await keepCopy(kept, { targetId, bundle, needed: async () => all });
}

/** The latest deployments of a target that are read: one page. */
const readDeployments = 100;

/**
 * The fingerprints of the versions that the target may have, latest first. For a rollback also of the version that the installed one
 * has replaced.
 */
async function neededVersions(
  { installed, history }: SearchServices,
  { action, target }: Deployment,
): Promise<string[]> {
  const version = await installedVersion(installed, target);
  if (version !== null && action !== 'rollback') return [version];
  const deployments = await history.list({ targetId: target.id, limit: readDeployments });
  if (version === null) return possibleVersions(deployments);
  const replaced = replacedBy(version, deployments);
  return replaced === null ? [version] : [version, replaced];
}

/** Null if it is unknown, also because the target has moved since. */
async function installedVersion(
  installed: SearchServices['installed'],
  target: Target,
): Promise<string | null> {
  const found = (await installed.of([target.id])).get(target.id);
  if (found === undefined) return null;
  const { installation = null, fingerprint } = found;
  return installation === null || installation === installationDigest(target) ? fingerprint : null;
}

/** After a deployment with an unknown outcome: its version, the previous one, or one of the deployments before it. */
const maximumPossible = 3;

function possibleVersions(deployments: readonly HistoryItem[]): string[] {
  const versions = deployments.flatMap(({ outcome, fingerprint, previousFingerprint }) => {
    const { succeeded, hostState } = outcomeMeanings[outcome];
    const mayBeInstalled = succeeded || hostState === 'unknown' || hostState === 'known bad';
    return [...(mayBeInstalled ? [fingerprint] : []), previousFingerprint];
  });
  return [...new Set(versions.filter((version) => version !== null))].slice(0, maximumPossible);
}

/** As the agent finds it in its receipts: what the deployment replaced that installed this version. */
function replacedBy(version: string, deployments: readonly HistoryItem[]): string | null {
  const origin = deployments.find(
    ({ action, outcome, fingerprint, previousFingerprint }) =>
      action === 'deploy' &&
      outcomeMeanings[outcome].hostState === 'new' &&
      fingerprint === version &&
      previousFingerprint !== version,
  );
  return origin?.previousFingerprint ?? null;
}
