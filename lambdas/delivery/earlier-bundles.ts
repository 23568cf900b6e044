import type { Deployment } from '../../core/deployment/deployment.ts';
import type { Bundle } from '../../core/deployment/version.ts';

/**
 * Bundles of earlier versions for a job, in the order of need. Without one of `needed`, the agent could not roll back. A job that is
 * too large loses those of `helpful`, the last one first.
 */
export interface EarlierBundles {
  readonly needed: readonly Bundle[];
  readonly helpful: readonly Bundle[];
}

/** Finds the earlier versions for a job that installs `bundle`, or for one without a bundle. */
export type FindEarlier = (deployment: Deployment, bundle: Bundle | null) => Promise<EarlierBundles>;

export const noEarlier: EarlierBundles = { needed: [], helpful: [] };
