import type { StoreHome } from '../../agent-scripts/stores/store-home.ts';
import type { Source } from '../../core/deployment/source.ts';
import type { Bundle, VersionFacts } from '../../core/deployment/version.ts';
import { keepCopy } from '../../services/previous-bundles/keep-copy.ts';
import type { KeptBundles } from '../../services/previous-bundles/kept-bundles.ts';
import { needsKeptCopy } from '../../services/previous-bundles/previous-bundles.ts';

interface Deployed {
  readonly targetId: string;
  readonly bundle: Bundle;
  readonly source: Source;
  /** True: keep a copy whatever the source is. */
  readonly always?: boolean;
}

/**
 * Keeps a copy of a bundle that is about to be installed, if its source keeps no earlier version: the next deployment could not
 * be rolled back without it. Returns when the copy is durable.
 * @throws CertferryError CredentialUnavailable if the copy cannot be written; nothing was installed
 */
export async function keepNewVersion(
  kept: KeptBundles,
  home: StoreHome,
  { targetId, bundle, source, always = false }: Deployed,
): Promise<void> {
  if (!always && !needsKeptCopy(source)) return;
  await keepCopy(kept, { targetId, bundle, needed: () => neededVersions(home) });
}

/** Removes the copies of versions that no receipt needs. */
export async function removeUnneededCopies(
  kept: KeptBundles,
  home: StoreHome,
  targetId: string,
): Promise<void> {
  await kept.retain(targetId, await neededVersions(home));
}

/** The versions to which the agent can still return, and those that it may have to reverse. */
async function neededVersions(home: StoreHome): Promise<string[]> {
  const [receipts, journal] = [await home.receipts(), await home.readJournal()];
  const facts: (VersionFacts | null | undefined)[] = [
    ...receipts.flatMap(({ line, change }) => [line.version, line.previousVersion, change?.previousVersion]),
    ...(journal === null ? [] : [journal.change.version, journal.change.previousVersion]),
  ];
  return [...new Set(facts.flatMap((version) => version?.fingerprint ?? []))];
}
