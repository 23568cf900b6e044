import type { Bundle } from '../../core/deployment/version.ts';

/** A bundle as it is deployed. `warnings`: full sentences about it, without its bytes. */
export interface FetchedBundle extends Bundle {
  readonly warnings: readonly string[];
}

/** The deployments of a rollout follow each other in the same function: most of them find their bundle here. */
const cacheSeconds = 300;

/** Rollouts of several certificates may run in parallel. The limit is small because every cached bundle contains a key. */
const maximumBundles = 4;

/**
 * Recently fetched bundles, only in the memory of this process, so that a rollout to thousands of targets does not export a
 * certificate thousands of times. Expired bundles are removed at the next call. When a function is no longer called, Lambda
 * destroys its memory.
 */
export interface BundleCache {
  get(key: string, now: Date): FetchedBundle | undefined;
  put(key: string, bundle: FetchedBundle, now: Date): void;
}

export function createBundleCache(): BundleCache {
  const cached = new Map<string, { readonly bundle: FetchedBundle; readonly until: number }>();
  const removeExpired = (now: Date): void => {
    for (const [key, { until }] of cached) if (until <= now.getTime()) cached.delete(key);
  };
  return {
    get(key, now) {
      removeExpired(now);
      return cached.get(key)?.bundle;
    },
    put(key, bundle, now) {
      removeExpired(now);
      const [oldest] = cached.keys();
      if (cached.size >= maximumBundles && oldest !== undefined) cached.delete(oldest);
      cached.set(key, { bundle, until: now.getTime() + cacheSeconds * 1000 });
    },
  };
}
