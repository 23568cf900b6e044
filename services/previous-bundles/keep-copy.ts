import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import type { KeptBundles } from './kept-bundles.ts';

/** `needed`: the fingerprints of other versions whose copies must stay. */
export interface BundleToKeep {
  readonly targetId: string;
  readonly bundle: Bundle;
  readonly needed: () => Promise<readonly string[]>;
}

/**
 * Keeps a copy of a bundle. Returns when the copy is durable. Call it before the target changes.
 * @throws CertferryError CredentialUnavailable if the copy cannot be written
 */
export async function keepCopy(
  kept: Pick<KeptBundles, 'keep'>,
  { targetId, bundle, needed }: BundleToKeep,
): Promise<void> {
  const version = factsOfPem(bundle.leaf);
  if (version === null) return;
  try {
    await kept.keep(targetId, { version, bundle, needed: await needed() });
  } catch (error) {
    const why = error instanceof Error ? error.name : 'unknown error';
    throw new CertferryError(
      'CredentialUnavailable',
      `A copy of ${version.fingerprint} could not be kept (${why}), so a later rollback would fail. Nothing was changed. Check that the function may use the key of the stack, and deploy again.`,
      { details: { targetId } },
    );
  }
}
