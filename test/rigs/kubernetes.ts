import { backupSecretOf } from '../../core/targets/kinds/k8ssecret.ts';
import { rulesFor, type SecretRule } from '../../core/targets/kinds/k8ssecret-role.ts';
import { startKubernetes } from '../fakes/kubernetes/server.ts';
import { type ApiEndpoint, ask } from './kubernetes-api.ts';

/** A cluster with the namespace `web`, and identities with tokens. */
export interface Cluster extends ApiEndpoint {
  /** For titles: the strict server of our own, or the real one with its version. */
  readonly name: string;
  /** Default: `web`. */
  readonly namespace?: string;
  close(): Promise<void>;
}

export const namespace = 'web';

/** The tokens that each cluster knows. `deployer` has exactly the role that the documentation gives certferry. */
export const tokens = {
  admin: 'admin-token',
  deployer: 'deployer-token',
  reader: 'reader-token',
} as const;

/** The names of the Secrets to which the rules of `deployer` and `reader` are limited. */
export const secretName = 'www-tls';

export const rulesOf: Readonly<Record<'deployer' | 'reader', readonly SecretRule[]>> = {
  deployer: rulesFor(secretName),
  reader: [{ verbs: ['get'], resourceNames: [secretName, backupSecretOf(secretName)] }],
};

export async function startStrictCluster(): Promise<Cluster> {
  const server = await startKubernetes({
    namespaces: [namespace],
    tokens: {
      [tokens.admin]: { user: 'admin', rules: 'all' },
      [tokens.deployer]: { user: 'deployer', rules: { namespace, rules: rulesOf.deployer } },
      [tokens.reader]: { user: 'reader', rules: { namespace, rules: rulesOf.reader } },
    },
  });
  return { name: 'the strict server', ...server };
}

type Where = ApiEndpoint & Pick<Cluster, 'namespace'>;

/** The path of the Secrets of the namespace. */
const secretsPathOf = (where: Where) => `/api/v1/namespaces/${where.namespace ?? namespace}/secrets`;
export const secretsPath = `/api/v1/namespaces/${namespace}/secrets`;

/** A Secret as the API returns it. */
export interface SecretObject {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly { readonly manager: string }[];
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly type: string;
}

/** Reads a Secret as administrator. Null if it does not exist. */
export async function readSecret(cluster: Where, name: string = secretName): Promise<SecretObject | null> {
  const { code, text } = await ask(cluster, {
    method: 'GET',
    path: `${secretsPathOf(cluster)}/${name}`,
    token: tokens.admin,
  });
  return code === 404 ? null : (JSON.parse(text) as SecretObject);
}

/** Creates or merges into a Secret as administrator, as the field manager `manager`. */
export async function writeSecret(
  cluster: Where,
  secret: object,
  { manager = 'kubectl-create', name = secretName }: { manager?: string; name?: string } = {},
): Promise<void> {
  const exists = (await readSecret(cluster, name)) !== null;
  const { code, text } = await ask(cluster, {
    method: exists ? 'PATCH' : 'POST',
    path: `${secretsPathOf(cluster)}${exists ? `/${name}` : ''}?fieldManager=${manager}`,
    token: tokens.admin,
    type: exists ? 'application/merge-patch+json' : 'application/json',
    body: exists
      ? secret
      : {
          apiVersion: 'v1',
          kind: 'Secret',
          ...secret,
          metadata: { ...(secret as { metadata?: object }).metadata, name },
        },
  });
  if (code >= 300) throw new Error(`the cluster refused: ${text}`);
}

/** Removes the Secrets of the tests. */
export async function removeSecrets(cluster: Where): Promise<void> {
  for (const name of [secretName, backupSecretOf(secretName)]) {
    await ask(cluster, { method: 'DELETE', path: `${secretsPathOf(cluster)}/${name}`, token: tokens.admin });
  }
}

export const base64 = (text: string) => Buffer.from(text).toString('base64');
