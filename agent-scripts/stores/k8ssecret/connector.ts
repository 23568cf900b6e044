import type { StoreConnector } from '../store.ts';
import { findAccess } from './find-access.ts';
import { SecretPlan } from './plan.ts';
import { openSecretStore } from './secret-store.ts';
import { openSecretsApi } from './secrets-api.ts';

/** A TLS Secret of Kubernetes. */
export const k8ssecret: StoreConnector<'k8ssecret', SecretPlan> = {
  plan: SecretPlan,
  open: async (access) => {
    const api = openSecretsApi(await findAccess(access.config, access.credentials), access.signal);
    return openSecretStore(access, api);
  },
};
