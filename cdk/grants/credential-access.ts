/**
 * The credentials of targets that are registered outside the stack, and the keys of all credentials. The stack itself grants the
 * credentials of the targets that it registers.
 */
export interface CredentialAccess {
  /** ARNs of the secrets. */
  readonly secretArns?: readonly string[];
  /** Names of the parameters, e.g. `/stores/f5`. */
  readonly parameters?: readonly string[];
  /** ARNs of the customer-managed keys that encrypt secrets with credentials. */
  readonly secretKeyArns?: readonly string[];
  /** ARNs of the customer-managed keys that encrypt parameters with credentials. */
  readonly parameterKeyArns?: readonly string[];
}
