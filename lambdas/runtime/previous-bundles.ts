import { isAbsolute } from 'node:path';
import { KMSClient } from '@aws-sdk/client-kms';
import { systemClock } from '../../core/clock.ts';
import { once } from '../../services/once.ts';
import {
  createFileDataKeys,
  createKmsDataKeys,
  type DataKeys,
} from '../../services/previous-bundles/data-keys.ts';
import { createKeptBundles } from '../../services/previous-bundles/kept-bundles.ts';
import {
  createPreviousBundles,
  type OfTarget,
  type PreviousBundles,
  type PreviousServices,
} from '../../services/previous-bundles/previous-bundles.ts';
import { sources } from './bundle-sources.ts';
import { throttled } from './clients.ts';
import { setting } from './environment.ts';
import { catalogue, documents, rollouts } from './wiring.ts';

/** Data keys of KMS in an account, of a file of the state folder in local mode. */
function dataKeys(key: string): DataKeys {
  return isAbsolute(key)
    ? createFileDataKeys(key)
    : createKmsDataKeys(
        once(() => new KMSClient(throttled)),
        key,
      );
}

/** Kept copies; null for functions without a key for them. */
export const keptBundles = /* @__PURE__ */ once(() => {
  const key = setting('DATA_KEY');
  if (key === undefined) return null;
  const table = setting('REGISTRY_TABLE');
  return createKeptBundles({ documents: documents(), table, keys: dataKeys(key), clock: systemClock });
});

/** The bundles of earlier versions of a target. */
export function previousBundles(of: OfTarget): PreviousBundles {
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
