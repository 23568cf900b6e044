import { CertferryError } from '../../../core/errors.ts';
import type { K8sSecretConfig } from '../../../core/targets/kinds/k8ssecret.ts';
import { ownerOf } from './ownership.ts';
import type { SecretName, StoredSecret } from './secret.ts';

const tlsType = 'kubernetes.io/tls';

/**
 * Refuses a Secret that certferry cannot or must not change. Returns the warnings about one that it may change.
 * @throws CertferryError PlanInvalid
 */
export function checkSecret(secret: StoredSecret, name: SecretName, config: K8sSecretConfig): string[] {
  const [problem] = [typeProblem, immutableProblem].flatMap((find) => find(secret, name, config) ?? []);
  if (problem !== undefined) throw refused(name, problem);
  const owner = ownerOf(secret);
  if (owner === null) return [];
  if (!config.force) {
    throw refused(
      name,
      `belongs to ${owner}, which would overwrite a change. Let one of them manage it, or set force: true.`,
    );
  }
  return [
    `The Secret ${name.name} in the namespace ${name.namespace} belongs to ${owner}, which may overwrite this change (force: true).`,
  ];
}

type FindProblem = (secret: StoredSecret, name: SecretName, config: K8sSecretConfig) => string | null;

/** The API server never changes the type of a Secret. */
const typeProblem: FindProblem = ({ type }, { namespace, name }, { allowOpaque }) => {
  if (type === tlsType || (type === 'Opaque' && allowOpaque)) return null;
  const option = type === 'Opaque' ? ', or set allowOpaque: true' : '';
  return `has the type ${type}, which cannot be changed. Save its other keys, delete it (kubectl delete secret ${name} --namespace ${namespace}) and deploy again${option}.`;
};

/** https://kubernetes.io/docs/concepts/configuration/secret/#secret-immutable */
const immutableProblem: FindProblem = ({ immutable }, { namespace, name }) =>
  immutable
    ? `is immutable, so Kubernetes accepts no new certificate. Delete it (kubectl delete secret ${name} --namespace ${namespace}) and deploy again, which creates it as mutable, or use a new name.`
    : null;

function refused({ namespace, name }: SecretName, problem: string): CertferryError {
  return new CertferryError('PlanInvalid', `The Secret ${name} in the namespace ${namespace} ${problem}`, {
    details: { namespace, secret: name },
  });
}
