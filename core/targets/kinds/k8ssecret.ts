import * as z from 'zod/mini';
import { Credential } from './credential.ts';
import { described } from './described.ts';
import { whenObject } from './fields.ts';

/** The Secret that keeps previous versions has the name of the Secret of the target and this suffix. */
const backupSuffix = '.certferry';

/** A DNS subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names */
const SecretName = z
  .string()
  .check(
    z.maxLength(253 - backupSuffix.length),
    z.regex(
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
      'the name of a Secret: lower-case letters, digits, "-" and "."',
    ),
  );

/** A DNS label: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
const Namespace = z
  .string()
  .check(
    z.maxLength(63),
    z.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'the name of a namespace: lower-case letters, digits and "-"'),
  );

/** Without a user, a query or a fragment: the client appends the paths of the API. */
const Server = z
  .string()
  .check(
    z.maxLength(2048),
    z.regex(
      /^https:\/\/[^\s/?#@\p{Cc}]+(\/[^\s?#\p{Cc}]*)?$/u,
      'the https address of the API server, such as https://10.0.0.1:6443',
    ),
  );

/** EKS, kubeconfig files and `kubectl config view --raw` show certificates as base64 of PEM. */
const CertificateAuthority = z.string().check(
  z.maxLength(65_536),
  z.refine(
    (text) => pemOfAuthority(text).includes('-----BEGIN CERTIFICATE-----'),
    'certificates in PEM, or base64 of PEM as in certificate-authority-data',
  ),
);

/** The PEM text of `ca`. */
export function pemOfAuthority(text: string): string {
  return text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8');
}

export const accesses = ['eks', 'kubeconfig', 'token', 'inCluster'] as const;
type Access = (typeof accesses)[number];

/** The fields of each access. `needed` without a value is an error; a field of another access is one too. */
const fieldsOfAccess = {
  eks: { needed: ['cluster', 'region', 'server', 'ca'], optional: [] },
  kubeconfig: { needed: ['kubeconfig'], optional: ['context'] },
  token: { needed: ['token', 'server'], optional: ['ca'] },
  inCluster: { needed: [], optional: [] },
} as const satisfies Readonly<
  Record<Access, { needed: readonly AccessField[]; optional: readonly AccessField[] }>
>;
const accessFields = ['cluster', 'region', 'server', 'ca', 'kubeconfig', 'context', 'token'] as const;
type AccessField = (typeof accessFields)[number];
type Config = Readonly<Partial<Record<AccessField | 'access' | 'secret', unknown>>>;

function onlyWithItsAccess(field: AccessField) {
  const withIt = accesses.filter((access) => {
    const { needed, optional } = fieldsOfAccess[access];
    return ([...needed, ...optional] as AccessField[]).includes(field);
  });
  return z.refine<Config>(
    (config) => config[field] === undefined || withIt.some((access) => access === config.access),
    { path: [field], when: whenObject, error: `no ${field} without access: ${withIt.join(' or ')}` },
  );
}

function neededByItsAccess(field: AccessField) {
  const withIt = accesses.filter((access) =>
    (fieldsOfAccess[access].needed as readonly AccessField[]).includes(field),
  );
  return z.refine<Config>(
    (config) => config[field] !== undefined || !withIt.some((access) => access === config.access),
    { path: [field], when: whenObject, error: `a ${field} with access: ${withIt.join(' or ')}` },
  );
}

const text = (pattern: RegExp, expected: string) => z.string().check(z.regex(pattern, expected));

const fields = {
  namespace: described(Namespace, 'The namespace of the Secret.'),
  secret: described(SecretName, 'The name of the Secret, of type kubernetes.io/tls.'),
  access: described(
    z.enum(accesses),
    'eks: a token of the AWS role of the agent. kubeconfig, token: a credential. inCluster: the service account of the pod of the agent.',
  ),
  cluster: described(
    z.optional(text(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'the name of an EKS cluster')),
    'The name of the EKS cluster, with access: eks.',
  ),
  region: described(
    z.optional(text(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, 'an AWS region, such as eu-central-1')),
    'The region of the EKS cluster, with access: eks.',
  ),
  server: described(
    z.optional(Server),
    'The https address of the API server, with access: eks or token. For EKS: aws eks describe-cluster --query cluster.endpoint.',
  ),
  ca: described(
    z.optional(CertificateAuthority),
    'The CA of the API server, as PEM or as base64 of PEM. For EKS: certificateAuthority.data. Default with access: token: the public CAs.',
  ),
  kubeconfig: described(
    z.optional(Credential),
    'A kubeconfig with a token or a client certificate in it, with access: kubeconfig. Commands and paths in it are refused.',
  ),
  context: described(
    z.optional(text(/^[^\p{Cc}]{1,253}$/u, 'the name of a context')),
    'The context of the kubeconfig. Default: its current-context.',
  ),
  token: described(z.optional(Credential), 'The bearer token of a service account, with access: token.'),
  create: described(z._default(z.boolean(), true), 'true creates the Secret if it does not exist.'),
  allowOpaque: described(
    z._default(z.boolean(), false),
    'true also accepts an existing Secret of type Opaque with the keys tls.crt and tls.key.',
  ),
  force: described(
    z._default(z.boolean(), false),
    'true also changes a Secret that another program manages, such as cert-manager. That program may change it again.',
  ),
  backupRetention: described(
    z._default(z.int().check(z.gte(0), z.lte(50)), 3),
    'Number of older versions kept in the backup Secret, in addition to the snapshot of the running deployment.',
  ),
};

/**
 * A Secret of type `kubernetes.io/tls` in a Kubernetes cluster
 * (https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets).
 */
export const K8sSecretConfig = z.strictObject(fields).check(
  ...accessFields.map(onlyWithItsAccess),
  ...accessFields.map(neededByItsAccess),
  z.refine<Config>(({ secret }) => typeof secret !== 'string' || !secret.endsWith(backupSuffix), {
    path: ['secret'],
    when: whenObject,
    error: `a name without ${backupSuffix} at its end, which the backup Secret of another target has`,
  }),
);
export type K8sSecretConfig = z.infer<typeof K8sSecretConfig>;

/** The name of the Secret with the previous versions. It depends on nothing else, so that a role can name it. */
export function backupSecretOf(secret: string): string {
  return `${secret}${backupSuffix}`;
}
