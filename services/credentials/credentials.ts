import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { CredentialValues } from '../../core/deployment/job.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Credential } from '../../core/targets/kinds/credential.ts';
import { credentialsOf } from '../../core/targets/kinds/kinds.ts';
import type { Target } from '../../core/targets/target.ts';
import { isThrottled, type RetryTimer, withRetries } from '../sources/retries.ts';
import { readCredentialFile } from './credential-file.ts';

/**
 * Reads the credentials of a target, by the name of their field in `config`. Temporary failures are retried, for up to 26 seconds.
 *
 * The values are secret: seal them or give them to a connector, but never log, return or store them. An error names the field
 * and the reference, never a value.
 * @throws CertferryError CredentialUnavailable
 */
export interface Credentials {
  read(target: Pick<Target, 'id' | 'kind' | 'config'>): Promise<CredentialValues>;
}

interface CredentialAccess {
  readonly secrets: SecretsManagerClient;
  readonly ssm: SSMClient;
  /** Whether a credential may be a file of this machine. */
  readonly files: 'read' | 'refuse';
  readonly timer: RetryTimer;
}

/** Credentials in Secrets Manager, in Parameter Store and, if allowed, in files. */
export function createCredentials(access: CredentialAccess): Credentials {
  return {
    async read({ id, kind, config }) {
      const references = Object.entries(credentialsOf(kind, config));
      const values = references.map(async ([field, reference]) => [
        field,
        await credentialText(access, reference).catch(unavailable(id, field, reference)),
      ]);
      return Object.fromEntries(await Promise.all(values));
    },
  };
}

async function credentialText(access: CredentialAccess, reference: Credential): Promise<string> {
  const value = await textOf(access, reference);
  if (value === '') throw new Error('it is empty');
  return value;
}

function textOf({ secrets, ssm, files, timer }: CredentialAccess, reference: Credential): Promise<string> {
  if ('secretId' in reference) return withRetries(() => secretText(secrets, reference), timer);
  if ('parameter' in reference) return withRetries(() => parameterText(ssm, reference.parameter), timer);
  return fileText(reference.file, files);
}

async function secretText(
  secrets: SecretsManagerClient,
  { secretId, field }: Extract<Credential, { secretId: string }>,
): Promise<string> {
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretId }));
  if (SecretString === undefined) throw new Error('its value is binary, not text');
  return field === undefined ? SecretString : fieldOf(SecretString, field);
}

/** Messages do not quote the text: `JSON.parse` would. */
function fieldOf(text: string, field: string): string {
  const parsed = parseJson(text);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('its value is not a JSON object');
  const value: unknown = Object.hasOwn(parsed, field) ? Reflect.get(parsed, field) : undefined;
  if (typeof value !== 'string')
    throw new Error(`its value has no field ${JSON.stringify(field)} with a text`);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function parameterText(ssm: SSMClient, name: string): Promise<string> {
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  // everyone with read access to parameters can read the others
  if (Parameter?.Type !== 'SecureString')
    throw new Error(`it is of type ${Parameter?.Type}, not SecureString`);
  return Parameter.Value ?? '';
}

async function fileText(path: string, files: CredentialAccess['files']): Promise<string> {
  if (files === 'refuse') throw new Error('a credential can be a file in local mode only');
  return readCredentialFile(path);
}

/** A throttled call keeps its error: the state machine retries it. */
function unavailable(targetId: string, field: string, reference: Credential) {
  return (cause: unknown): never => {
    if (isThrottled(cause) && cause instanceof Error && cause.name === 'ThrottlingException') throw cause;
    const name = nameOf(reference);
    throw new CertferryError(
      'CredentialUnavailable',
      `The credential config.${field} of target ${targetId} could not be read from ${name}: ${reasonOf(cause)}. Check that it exists and that certferry may read and decrypt it.`,
      { details: { targetId, field, reference: name }, cause },
    );
  };
}

/** The name of an error of a service says more than its message. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown error';
  return cause.name === 'Error' ? cause.message : `${cause.name}: ${cause.message}`;
}

function nameOf(reference: Credential): string {
  if ('secretId' in reference) return `secret ${reference.secretId}`;
  return 'parameter' in reference ? `parameter ${reference.parameter}` : `file ${reference.file}`;
}
