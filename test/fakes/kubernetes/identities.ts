// Not simulated: groups, ClusterRoles of the system, expiry of tokens, aggregated rules.
import { createHash, createHmac } from 'node:crypto';
import { refusals } from './status.ts';

/** A rule of a Role for `secrets` in one namespace: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
interface Rule {
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** `rules: 'all'` is a cluster administrator. */
export interface Identity {
  readonly user: string;
  readonly rules: 'all' | { readonly namespace: string; readonly rules: readonly Rule[] };
}

/** The AWS keys of a role that the cluster maps to an identity. */
export interface EksRole {
  readonly cluster: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly identity: Identity;
}

/** @throws Refused with 403 */
export function authorize(
  { user, rules }: Identity,
  { verb, namespace, name }: { readonly verb: string; readonly namespace: string; readonly name: string },
): void {
  if (rules === 'all') return;
  const isAllowed = rules.rules.some(
    ({ verbs, resourceNames }) =>
      verbs.includes(verb) &&
      // the name of a new object is in the body, which authorization does not read
      (resourceNames === undefined || (verb !== 'create' && resourceNames.includes(name))),
  );
  if (rules.namespace === namespace && isAllowed) return;
  throw refusals.forbidden(user, verb, namespace, verb === 'create' ? '' : name);
}

/**
 * Checks a token as the authenticator of EKS does: host, parameters, the signed header with the name of the cluster
 * (https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go), and the signature that STS
 * checks (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html).
 */
export function isEksToken(token: string, role: EksRole): boolean {
  if (!/^k8s-aws-v1\.[A-Za-z0-9_-]+$/.test(token)) return false;
  const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString());
  const query = url.searchParams;
  const [, scope = ''] = /^[^/]+\/(.+)$/.exec(query.get('X-Amz-Credential') ?? '') ?? [];
  const allowed = ['action', 'version', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-expires']
    .concat(['x-amz-security-token', 'x-amz-signature', 'x-amz-signedheaders', 'x-amz-content-sha256'])
    .concat(['x-amz-user-agent']);
  return (
    url.protocol === 'https:' &&
    url.host === `sts.${role.region}.amazonaws.com` &&
    url.pathname === '/' &&
    [...query.keys()].every((key) => allowed.includes(key.toLowerCase())) &&
    query.get('Action') === 'GetCallerIdentity' &&
    Number(query.get('X-Amz-Expires')) <= 900 &&
    query.get('X-Amz-SignedHeaders') === 'host;x-k8s-aws-id' &&
    query.get('X-Amz-Credential')?.startsWith(`${role.accessKeyId}/`) === true &&
    query.get('X-Amz-Signature') === signatureOf(url, scope, role)
  );
}

function signatureOf(url: URL, scope: string, { cluster, secretAccessKey }: EksRole): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams]
    .filter(([key]) => key !== 'X-Amz-Signature')
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .sort()
    .join('&');
  const headers = `host:${url.host}\nx-k8s-aws-id:${cluster}\n`;
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = ['GET', '/', query, headers, 'host;x-k8s-aws-id', sha256('')].join('\n');
  const date = url.searchParams.get('X-Amz-Date') ?? '';
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<Buffer | string>(
      (secret, part) => createHmac('sha256', secret).update(part).digest(),
      `AWS4${secretAccessKey}`,
    );
  return createHmac('sha256', key).update(toSign).digest('hex');
}
