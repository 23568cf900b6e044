import { backupSecretOf } from './k8ssecret.ts';

/** A rule for Secrets: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources */
export interface SecretRule {
  readonly verbs: readonly string[];
  /** Without names, the rule applies to every Secret of the namespace. */
  readonly resourceNames?: readonly string[];
}

/**
 * The least permissions for a target of kind `k8ssecret`. `create` cannot be limited to names, because the API server does
 * not know the name of a new object when it authorizes the request. certferry never lists Secrets.
 */
export function rulesFor(secret: string): readonly SecretRule[] {
  return [
    { verbs: ['get', 'patch', 'delete'], resourceNames: [secret] },
    { verbs: ['get', 'patch'], resourceNames: [backupSecretOf(secret)] },
    { verbs: ['create'] },
  ];
}

/** The names in the manifest that the operator replaces. Kubernetes refuses upper-case names, so none can remain. */
const placeholders = { namespace: 'NAMESPACE', secret: 'SECRET', name: 'certferry' } as const;

/**
 * Role and binding for one target. The operator replaces NAMESPACE and SECRET.
 * @param group the group that gets the role, such as one of an access entry of EKS; null: a service account, which the
 * manifest then creates
 */
export function roleManifest(group: string | null): readonly object[] {
  const { namespace, secret, name } = placeholders;
  const metadata = { name, namespace };
  const rbac = 'rbac.authorization.k8s.io';
  const account = { kind: 'ServiceAccount', ...metadata };
  return [
    ...(group === null ? [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata }] : []),
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: rulesFor(secret).map((rule) => ({ apiGroups: [''], resources: ['secrets'], ...rule })),
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      subjects: [group === null ? account : { apiGroup: rbac, kind: 'Group', name: group }],
      roleRef: { apiGroup: rbac, kind: 'Role', name },
    },
  ];
}
