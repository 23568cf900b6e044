/**
 * The search for earlier versions. PushBundle loads this file only for kinds whose store returns no keys. Its services are built
 * here, because those of `wiring.ts` belong to the part that is always loaded.
 */
import { systemClock } from '../../core/clock.ts';
import { once } from '../../services/once.ts';
import {
  createPreviousBundles,
  type OfTarget,
  type PreviousServices,
  type SearchedBundles,
} from '../../services/previous-bundles/previous-bundles.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { createRollouts } from '../../services/rollouts/rollout-store.ts';
import { sources } from './bundle-sources.ts';
import { setting } from './environment.ts';
import { keptBundles } from './kept-bundles.ts';
import { documents } from './wiring.ts';

const catalogue = /* @__PURE__ */ once(() => createCatalogue(documents(), setting('REGISTRY_TABLE')));
const rollouts = /* @__PURE__ */ once(() => createRollouts(documents(), setting('REGISTRY_TABLE')));

/** The bundles of earlier versions of a target. */
export function previousBundles(of: OfTarget): SearchedBundles {
  const services: PreviousServices = {
    sources: sources(),
    kept: keptBundles() ?? { find: async () => null },
    recordedSource,
    certificateSource: async (certificate) =>
      (await catalogue().certificate(certificate))?.thing.source ?? null,
  };
  return createPreviousBundles(services, of, systemClock.now());
}

/** The current version of a certificate is recorded apart from its rollouts. */
async function recordedSource({ certificate }: OfTarget, fingerprint: string) {
  const current = await catalogue().currentVersion(certificate);
  if (current?.fingerprint === fingerprint) return current.source;
  return await rollouts().sourceOf(certificate, fingerprint);
}
