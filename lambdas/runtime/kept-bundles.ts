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
import { throttled } from './clients.ts';
import { setting } from './environment.ts';
import { documents } from './wiring.ts';

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
