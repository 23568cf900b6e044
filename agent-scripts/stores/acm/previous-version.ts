import { X509Certificate } from 'node:crypto';
import { shortFingerprint } from '../../../core/certificate/describe.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import type { PreviousBundles } from '../store.ts';
import { isKeyOf } from './compare-certificates.ts';
import { importProblems } from './import-rules.ts';
import type { AcmPlan } from './plan.ts';

/** The bundle with which ACM can be given the previous version again, or why there is none. */
export type PreviousVersion = { readonly bundle: Bundle } | { readonly missing: string };

/** Leaf and chain as ACM had them; the key from a source of the version. */
export async function findPreviousVersion(
  { previous }: Pick<AcmPlan, 'previous'>,
  bundles: PreviousBundles,
): Promise<PreviousVersion> {
  if (previous === null) return { missing: 'ACM had no certificate before' };
  const { leaf, chain, version } = previous;
  const found = await bundles.find(version.fingerprint);
  const shown = shortFingerprint(version.fingerprint);
  if (found === null) return { missing: `no source has the key of ${shown} any more` };
  if (!isKeyOf(found.key, leaf))
    return { missing: `its source returned a key that does not belong to ${shown}` };
  return { bundle: { leaf, chain: [...chain], key: found.key } };
}

/**
 * Why a rollback would fail after `next` is imported; null if it would not. The rules of a re-import also hold for the rollback:
 * for example, ACM refuses a previous version without a key usage that the next one adds.
 */
export async function whyIrreversible(
  plan: Pick<AcmPlan, 'previous'>,
  next: Bundle,
  bundles: PreviousBundles,
): Promise<string | null> {
  if (plan.previous === null) return null;
  const found = await findPreviousVersion(plan, bundles);
  if ('missing' in found) return found.missing;
  const problems = importProblems(found.bundle, new X509Certificate(next.leaf), new Date());
  return problems.length === 0 ? null : `ACM would refuse the previous version: ${problems.join(' ')}`;
}
