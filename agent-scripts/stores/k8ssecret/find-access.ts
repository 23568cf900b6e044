import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CredentialValues } from '../../../core/deployment/job.ts';
import { CertferryError } from '../../../core/errors.ts';
import { type K8sSecretConfig, pemOfAuthority } from '../../../core/targets/kinds/k8ssecret.ts';
import type { ApiAccess } from './api-access.ts';
import { readKubeconfig } from './kubeconfig.ts';

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api */
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The surroundings of a pod. */
export interface Pod {
  readonly folder: string;
  readonly host: string | undefined;
  readonly port: string | undefined;
}

type Find = (config: K8sSecretConfig, credentials: CredentialValues) => ApiAccess | Promise<ApiAccess>;

const accessFinders: Readonly<Record<K8sSecretConfig['access'], Find>> = {
  eks: async (config) => {
    // only this access needs the AWS SDK
    const { eksToken } = await import('./eks-token.ts');
    const token = await eksToken(config.cluster ?? '', config.region ?? '');
    return { ...serverOf(config), token, client: null };
  },
  kubeconfig: ({ context }, credentials) => readKubeconfig(credentialOf(credentials, 'kubeconfig'), context),
  token: (config, credentials) => ({
    ...serverOf(config),
    token: credentialOf(credentials, 'token').trim(),
    client: null,
  }),
  inCluster: () => accessOfPod(),
};

/**
 * How to reach the API server of a target.
 * @throws CertferryError PlanInvalid, CredentialUnavailable
 */
export async function findAccess(config: K8sSecretConfig, credentials: CredentialValues): Promise<ApiAccess> {
  return await accessFinders[config.access](config, credentials);
}

function serverOf({ server = '', ca }: K8sSecretConfig): Pick<ApiAccess, 'server' | 'ca' | 'serverName'> {
  return {
    server: server.replace(/\/+$/, ''),
    ca: ca === undefined ? null : pemOfAuthority(ca),
    serverName: null,
  };
}

function credentialOf(credentials: CredentialValues, field: 'kubeconfig' | 'token'): string {
  const value = credentials[field];
  if (value === undefined) {
    throw new CertferryError('CredentialUnavailable', `The job has no value of the credential ${field}.`);
  }
  return value;
}

/** The access of the service account of the pod in which the agent runs. */
export async function accessOfPod(
  { folder, host, port }: Pod = {
    folder: serviceAccountFolder,
    host: process.env.KUBERNETES_SERVICE_HOST,
    port: process.env.KUBERNETES_SERVICE_PORT,
  },
): Promise<ApiAccess> {
  try {
    const token = (await readFile(join(folder, 'token'), 'utf8')).trim();
    const ca = await readFile(join(folder, 'ca.crt'), 'utf8');
    if (host === undefined || port === undefined || token === '') throw new Error('incomplete');
    const address = host.includes(':') ? `[${host}]` : host;
    return { server: `https://${address}:${port}`, ca, serverName: null, token, client: null };
  } catch {
    throw new CertferryError(
      'CredentialUnavailable',
      'The agent does not run in a pod with a service account, which access: inCluster needs. Use access: token, or mount the token of a service account.',
    );
  }
}
