import { createHistory } from '../../services/history/history.ts';
import { createInstalledVersions } from '../../services/registry/installed-versions.ts';
import type { FindEarlier } from '../delivery/earlier-bundles.ts';
import { searchEarlier } from '../delivery/search-earlier.ts';
import { setting } from './environment.ts';
import { keptBundles } from './kept-bundles.ts';
import { previousBundles } from './previous-bundles.ts';
import { documents } from './wiring.ts';

/** The search of PushBundle, in a file of its own as `previous-bundles.ts` is. */
export const searchedEarlier: FindEarlier = (deployment, bundle) => {
  const registry = setting('REGISTRY_TABLE');
  const tables = { deployments: setting('DEPLOYMENTS_TABLE'), locks: setting('LOCKS_TABLE'), registry };
  return searchEarlier({
    installed: createInstalledVersions(documents(), registry),
    history: createHistory(documents(), tables),
    kept: keptBundles() ?? { keep: async () => undefined },
    previousBundles,
  })(deployment, bundle);
};
