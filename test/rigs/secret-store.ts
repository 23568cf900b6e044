import { k8ssecret } from '../../agent-scripts/stores/k8ssecret/connector.ts';
import type { SecretPlan } from '../../agent-scripts/stores/k8ssecret/plan.ts';
import type { Desired, Store } from '../../agent-scripts/stores/store.ts';
import { factsOfPem } from '../../core/certificate/facts.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { K8sSecretConfig } from '../../core/targets/kinds/k8ssecret.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { namespace, secretName, tokens } from './kubernetes.ts';
import type { ApiEndpoint } from './kubernetes-api.ts';

export interface OpenOptions {
  readonly config?: object;
  readonly token?: string;
  readonly deploymentId?: string;
  readonly signal?: AbortSignal;
}

/** Opens the Secret of the tests as the deployer. */
export function openStore(
  { url, ca }: ApiEndpoint,
  { config = {}, token = tokens.deployer, deploymentId = 'deployment-1', signal }: OpenOptions = {},
): Promise<Store<SecretPlan>> {
  return k8ssecret.open({
    config: K8sSecretConfig.parse({
      namespace,
      secret: secretName,
      access: 'token',
      server: url,
      ca,
      token: { secretId: 'unused' },
      ...config,
    }),
    targetId: 'web-www.tls',
    deploymentId,
    certificate: 'www.example.test',
    credentials: { token },
    previous: { find: async () => null },
    signal: signal ?? new AbortController().signal,
  });
}

/** A new bundle of the shared authority, as the engine passes it. */
export async function aDesired(): Promise<Extract<Desired<SecretPlan>, { kind: 'bundle' }>> {
  const { certPem, chainPem, keyPem, fullchainPem } = await aVersion();
  const bundle: Bundle = { leaf: certPem, chain: [chainPem], key: keyPem };
  const version = factsOfPem(fullchainPem);
  if (version === null) throw new Error('the fixture is not a certificate');
  return { kind: 'bundle', bundle, version };
}

/** A whole deployment. */
export async function deploy(
  endpoint: ApiEndpoint,
  desired: Desired<SecretPlan>,
  options: OpenOptions = {},
): Promise<SecretPlan> {
  const store = await openStore(endpoint, options);
  const { plan } = await store.plan(desired);
  await store.apply(plan, desired);
  await store.close();
  return plan;
}
