import type { KeptBundles } from '../../services/previous-bundles/kept-bundles.ts';
import { type FindEarlier, noEarlier } from './earlier-bundles.ts';

/**
 * The kept copies of the target, for functions that may not read sources. PushBundle has written the needed ones last, so that
 * they are the first here. Null: no copies are kept.
 */
export function keptEarlier(kept: () => Pick<KeptBundles, 'all'> | null): FindEarlier {
  return async ({ target }) => {
    const copies = kept();
    if (copies === null) return noEarlier;
    const [latest, ...others] = await copies.all(target.id);
    return latest === undefined ? noEarlier : { needed: [latest], helpful: others };
  };
}
