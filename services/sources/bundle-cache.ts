import type { Bundle } from '../../core/deployment/version.ts';

/** A rollout's deployments follow each other in the same function: most of them find their bundle here. */
const keptSeconds = 300;

/** Rollouts of several certificates may run side by side; each key in memory is one more to lose. */
const keptBundles = 4;

/**
 * Bundles that were fetched lately, in this process's memory and nowhere else, so that a rollout to thousands does not
 * export a certificate thousands of times. What is too old is forgotten at the next call; a function that is never
 * called again is destroyed by Lambda, memory and all.
 */
export interface BundleCache {
  get(key: string, now: Date): Bundle | undefined;
  put(key: string, bundle: Bundle, now: Date): void;
}

export function createBundleCache(): BundleCache {
  const kept = new Map<string, { readonly bundle: Bundle; readonly until: number }>();
  const forget = (now: Date): void => {
    for (const [key, { until }] of kept) if (until <= now.getTime()) kept.delete(key);
  };
  return {
    get(key, now) {
      forget(now);
      return kept.get(key)?.bundle;
    },
    put(key, bundle, now) {
      forget(now);
      const [oldest] = kept.keys();
      if (kept.size >= keptBundles && oldest !== undefined) kept.delete(oldest);
      kept.set(key, { bundle, until: now.getTime() + keptSeconds * 1000 });
    },
  };
}
