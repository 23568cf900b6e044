import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import { type BundleInput, type ReadBundle, readBundle } from '../../core/certificate/read-bundle.ts';
import type { Source as AnySource } from '../../core/deployment/source.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { CertferryError, type ErrorDetails, isCertferryError } from '../../core/errors.ts';

/** The version a request names: which leaf, and where its bytes are. */
export interface WantedVersion {
  readonly fingerprint: string;
  readonly source: AnySource;
}

/**
 * Where versions' bytes come from.
 *
 * `fetch` answers a parsed, linted bundle whose leaf is the one asked for. It throws SourceUnavailable (the bytes
 * cannot be had now), SourceMismatch (they are another version's) or an error of `core/certificate` (BundleUnreadable,
 * KeyMismatch, …). The bundle holds a private key: it may only be sealed, never logged, returned or stored.
 */
export interface Sources {
  fetch(version: WantedVersion, now: Date): Promise<Bundle>;
}

/** The secret's JSON; see `docs/sources.md`. */
const SecretBundle = z.union([
  z.object({
    certificate: z.string(),
    chain: z.optional(z.string()),
    privateKey: z.string(),
    passphrase: z.optional(z.string()),
  }),
  z.object({ pkcs12: z.base64(), passphrase: z.optional(z.string()) }),
]);
type SecretBundle = z.infer<typeof SecretBundle>;

/** Sources in Secrets Manager. */
export function createSources(secrets: SecretsManagerClient): Sources {
  return {
    async fetch({ fingerprint, source: place }, now) {
      const source = place as Source;
      const secret = readSecret(source, await secretText(secrets, source));
      const { bundle, facts } = readAs(source, bundleInput(secret), now);
      if (facts.fingerprint === fingerprint) return bundle;
      throw new CertferryError(
        'SourceMismatch',
        `${nameOf(source)} holds ${facts.fingerprint}, but ${fingerprint} was requested. Request the version that the source holds, or name the source's right version.`,
        { details: { wanted: fingerprint, found: facts.fingerprint } },
      );
    },
  };
}

async function secretText(secrets: SecretsManagerClient, source: Source): Promise<string> {
  try {
    const { SecretString, SecretBinary } = await secrets.send(
      new GetSecretValueCommand({ SecretId: source.secretId, VersionId: source.versionId }),
    );
    return SecretString ?? new TextDecoder().decode(SecretBinary);
  } catch (cause) {
    // a throttled call keeps its name: the state machine retries it
    if (cause instanceof Error && cause.name === 'ThrottlingException') throw cause;
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'no reason given';
    throw new CertferryError(
      'SourceUnavailable',
      `${nameOf(source)} could not be read (${why}). Does it exist, and may this function read and decrypt it?`,
      { details: { secretId: source.secretId, versionId: source.versionId }, cause },
    );
  }
}

/** Says which field is wrong, and never quotes the text: it holds the key. */
function readSecret(source: Source, text: string): SecretBundle {
  const parsed = SecretBundle.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new CertferryError(
    'BundleUnreadable',
    `${nameOf(source)} is not JSON of the form {certificate, chain?, privateKey, passphrase?} or {pkcs12, passphrase?}`,
    { details: { secretId: source.secretId, versionId: source.versionId } },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Says what is wrong in the words of the secret: which one it is, and the field's name there. */
function readAs(source: Source, input: BundleInput, now: Date): ReadBundle {
  try {
    return readBundle(input, now);
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    const message = error.message.replaceAll('"key"', '"privateKey"');
    const { secretId, versionId } = source;
    throw new CertferryError(error.name, `${nameOf(source)}: ${message}`, {
      details: { ...inSecret(error.details), secretId, versionId },
      cause: error,
    });
  }
}

/** What `core/certificate` calls `key`, the secret calls `privateKey`. */
function inSecret(details: ErrorDetails): ErrorDetails {
  const { field, fields } = details;
  return {
    ...details,
    ...(field === 'key' && { field: 'privateKey' }),
    ...(Array.isArray(fields) && { fields: fields.map((name) => (name === 'key' ? 'privateKey' : name)) }),
  };
}

function bundleInput(secret: SecretBundle): BundleInput {
  const passphrase = secret.passphrase === undefined ? {} : { passphrase: secret.passphrase };
  if ('pkcs12' in secret) {
    return { pkcs12: Buffer.from(secret.pkcs12, 'base64'), ...passphrase };
  }
  const { certificate, chain, privateKey } = secret;
  return { certificate, key: privateKey, ...(chain !== undefined && { chain }), ...passphrase };
}

type Source = Extract<AnySource, { kind: 'secretsmanager' }>;

const nameOf = ({ secretId, versionId }: Source) => `secret ${secretId} (version ${versionId})`;
