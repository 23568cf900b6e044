import { loadYaml } from '@kubernetes/client-node';
import * as z from 'zod/mini';
import { CertferryError } from '../../../core/errors.ts';
import type { ApiAccess } from './api-access.ts';

const text = z.string();
const optionalText = z.optional(z.nullable(z.string()));

/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
const Cluster = z.looseObject({
  server: text,
  'certificate-authority-data': optionalText,
  'tls-server-name': optionalText,
});
const User = z.looseObject({
  token: optionalText,
  'client-certificate-data': optionalText,
  'client-key-data': optionalText,
});
const Kubeconfig = z.object({
  'current-context': z._default(z.string(), ''),
  clusters: z.array(z.object({ name: text, cluster: Cluster })),
  users: z.array(z.object({ name: text, user: z.nullable(User) })),
  contexts: z.array(z.object({ name: text, context: z.object({ cluster: text, user: text }) })),
});
type Kubeconfig = z.infer<typeof Kubeconfig>;

/** Fields that the connector does not use, with the reason. A field without a value counts as absent. */
const refusedFields: Readonly<Record<'cluster' | 'user', Readonly<Record<string, string>>>> = {
  cluster: {
    'insecure-skip-tls-verify': 'certferry verifies every server. Set certificate-authority-data',
    'certificate-authority': 'a path means nothing where the agent runs. Set certificate-authority-data',
    'proxy-url': 'certferry connects without a proxy',
  },
  user: {
    exec: 'certferry runs no command from a kubeconfig. Set token, or use access: eks',
    'auth-provider': 'auth providers run commands or refresh tokens. Set token',
    tokenFile: 'a path means nothing where the agent runs. Set token',
    'token-file': 'a path means nothing where the agent runs. Set token',
    'client-certificate': 'a path means nothing where the agent runs. Set client-certificate-data',
    'client-key': 'a path means nothing where the agent runs. Set client-key-data',
    username: 'Kubernetes has no basic authentication since 1.19. Set token',
    password: 'Kubernetes has no basic authentication since 1.19. Set token',
    as: 'certferry impersonates no user. Use a credential with the role of certferry',
    'as-groups': 'certferry impersonates no user. Use a credential with the role of certferry',
    'as-uid': 'certferry impersonates no user. Use a credential with the role of certferry',
    'as-user-extra': 'certferry impersonates no user. Use a credential with the role of certferry',
  },
};

/**
 * Reads the access of one context. The `KubeConfig` class of the client library runs commands and reads files that a
 * kubeconfig names; this reader refuses both.
 * @throws CertferryError PlanInvalid, without a value of the kubeconfig
 */
export function readKubeconfig(source: string, contextName: string | undefined): ApiAccess {
  const kubeconfig = parse(source);
  const name = contextName ?? kubeconfig['current-context'];
  const context = named(kubeconfig.contexts, name, 'context').context;
  const { cluster } = named(kubeconfig.clusters, context.cluster, 'cluster');
  const user = named(kubeconfig.users, context.user, 'user').user ?? {};
  refuseFields('cluster', cluster);
  refuseFields('user', user);
  if (!/^https:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(cluster.server)) {
    throw invalid('has a server that is not an https address. certferry connects only with TLS.');
  }
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ca: decoded(cluster['certificate-authority-data']),
    serverName: cluster['tls-server-name'] ?? null,
    ...authenticationOf(user),
  };
}

function parse(source: string): Kubeconfig {
  try {
    return Kubeconfig.parse(loadYaml(source));
  } catch {
    throw invalid('cannot be parsed: it needs clusters, users and contexts, each with a name.');
  }
}

function named<Entry extends { readonly name: string }>(
  entries: readonly Entry[],
  name: string,
  what: string,
): Entry {
  const found = entries.find((entry) => entry.name === name);
  if (found === undefined) {
    throw invalid(`has no ${what} with the name that is needed. Set context to one of its contexts.`);
  }
  return found;
}

function refuseFields(part: 'cluster' | 'user', values: Readonly<Record<string, unknown>>): void {
  for (const [field, why] of Object.entries(refusedFields[part])) {
    const value = values[field] ?? false;
    if (value !== false && value !== '') throw invalid(`has ${part}.${field}, which is refused: ${why}.`);
  }
}

function authenticationOf(user: z.infer<typeof User>): Pick<ApiAccess, 'token' | 'client'> {
  const certificate = decoded(user['client-certificate-data']);
  const key = decoded(user['client-key-data']);
  const token = user.token?.trim() ?? '';
  const client = certificate === null || key === null ? null : { certificate, key };
  if (token === '' && client === null) {
    throw invalid(
      'has no token and no client-certificate-data with client-key-data for the user of the context.',
    );
  }
  return { token: token === '' ? null : token, client };
}

function decoded(value: string | null | undefined): string | null {
  return value === undefined || value === null || value === ''
    ? null
    : Buffer.from(value, 'base64').toString('utf8');
}

function invalid(what: string): CertferryError {
  return new CertferryError('PlanInvalid', `The kubeconfig of the target ${what}`);
}
