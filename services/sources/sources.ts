// Where versions' bytes come from: one file for each kind of place in `sources/`, and here what holds for all of them.
// Bytes are judged by core before anybody hears of them, and no error says more of them than where they are.
import type { ACMClient } from '@aws-sdk/client-acm';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { type ReadBundle, readBundle } from '../../core/certificate/read-bundle.ts';
import type { CertificateSource, Source } from '../../core/deployment/source.ts';
import type { Bundle, VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError, type ErrorDetails, isCertferryError } from '../../core/errors.ts';
import { acmReader } from './acm.ts';
import { createBundleCache } from './bundle-cache.ts';
import { parameterStoreReader } from './parameter-store.ts';
import { isThrottled, type RetryTimer, withRetries } from './retries.ts';
import { s3Reader } from './s3.ts';
import { secretsManagerReader } from './secrets-manager.ts';
import { labelOf } from './source-label.ts';
import { readerOf, type SourceContent, type SourceReaders } from './source-reader.ts';

/** The version a request names: which leaf, and where its bytes are. */
export interface PinnedVersion {
  readonly fingerprint: string;
  readonly source: Source;
}

/** A version that a source has, without its bytes. `notAfter`: the leaf's, in epoch seconds. */
export interface SourceVersion extends PinnedVersion {
  readonly notAfter: number;
}

/**
 * Where versions' bytes come from.
 *
 * `fetch` answers a parsed, linted bundle whose leaf is the one asked for; `latest` says which version a source has now,
 * `previous` which one it had before (null: none, or the source does not keep it), and `identify` which leaf is in a version
 * that is known by its place alone. All throw SourceUnavailable (the bytes
 * cannot be had now), SourceUnfit (nor ever from there) or an error of `core/certificate` (BundleUnreadable,
 * KeyMismatch, …), and `fetch` SourceMismatch (they are another version's). A failure that may pass is met by `fetch`
 * with waits of its own, since its state does not come back; the state of `latest` does, for hours.
 *
 * A bundle holds a private key: it may only be sealed, never logged, returned or stored.
 */
export interface Sources {
  fetch(version: PinnedVersion, now: Date): Promise<Bundle>;
  latest(source: CertificateSource, now: Date): Promise<SourceVersion>;
  previous(source: CertificateSource, now: Date): Promise<SourceVersion | null>;
  identify(source: Source, now: Date): Promise<SourceVersion>;
}

/** The SDK's clients, one for each kind of place. */
export interface SourceClients {
  readonly acm: ACMClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly ssm: SSMClient;
}

/** Sources in ACM, S3, Secrets Manager and Parameter Store. */
export function createSources(clients: SourceClients, timer: RetryTimer): Sources {
  const readers: SourceReaders = {
    acm: acmReader(clients.acm),
    s3: s3Reader(clients.s3),
    secretsmanager: secretsManagerReader(clients.secrets),
    parameter: parameterStoreReader(clients.ssm),
  };
  const recent = createBundleCache();
  return {
    async fetch({ fingerprint, source }, now) {
      const key = keyOf(source, fingerprint);
      const known = recent.get(key, now);
      if (known !== undefined) return known;
      const found = await withRetries(() => readerOf(readers, source).pinned(source), timer).catch(
        keepThrottled(source),
      );
      const { bundle, facts } = readFound(found, now);
      if (facts.fingerprint !== fingerprint) throw mismatch(source, facts.fingerprint, fingerprint);
      recent.put(key, bundle, now);
      return bundle;
    },
    async latest(source, now) {
      const found = await readerOf(readers, source).latest(source).catch(unavailable(source));
      const { bundle, facts } = readFound(found, now);
      // whoever asks which version it is fetches it next
      recent.put(keyOf(found.source, facts.fingerprint), bundle, now);
      return versionIn(found, facts);
    },
    async identify(source, now) {
      const found = await readerOf(readers, source).pinned(source).catch(unavailable(source));
      const { bundle, facts } = readFound(found, now);
      recent.put(keyOf(source, facts.fingerprint), bundle, now);
      return versionIn(found, facts);
    },
    async previous(source, now) {
      const found = await readerOf(readers, source).previous(source).catch(unavailable(source));
      return found && versionIn(found, readFound(found, now).facts);
    },
  };
}

function versionIn({ source }: SourceContent, { fingerprint, notAfter }: VersionFacts): SourceVersion {
  return { fingerprint, source, notAfter };
}

const keyOf = (source: Source, fingerprint: string) => JSON.stringify([source, fingerprint]);

/** A throttled call keeps its name: the graph of a deployment retries it, while SourceUnavailable ends it. */
function keepThrottled(source: Source) {
  return (cause: unknown): never => {
    if (isThrottled(cause) && cause instanceof Error && cause.name === 'ThrottlingException') throw cause;
    return unavailable(source)(cause);
  };
}

function unavailable(source: CertificateSource | Source) {
  return (cause: unknown): never => {
    if (isCertferryError(cause)) throw cause;
    const { name, details } = labelOf(source);
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'no reason given';
    const message = `${name} could not be read (${why}). Does it exist, and may this function read and decrypt it?`;
    throw new CertferryError('SourceUnavailable', message, { details, cause });
  };
}

function mismatch(source: Source, found: string, wanted: string): CertferryError {
  const { name, details } = labelOf(source);
  const message = `${name} holds ${found}, but ${wanted} was requested. Request the version that the source holds, or name the source's right version.`;
  return new CertferryError('SourceMismatch', message, { details: { ...details, wanted, found } });
}

/** Says what is wrong in the words of the source: which one it is, and the field's name there. */
function readFound({ input, where }: SourceContent, now: Date): ReadBundle {
  try {
    return readBundle(input, now);
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    const message = error.message.replaceAll('"key"', '"privateKey"');
    throw new CertferryError(error.name, `${where.name}: ${message}`, {
      details: { ...inSource(error.details), ...where.details },
      cause: error,
    });
  }
}

/** What `core/certificate` calls `key`, JSON calls `privateKey`, and so does ACM (with a capital). */
function inSource(details: ErrorDetails): ErrorDetails {
  const { field, fields } = details;
  return {
    ...details,
    ...(field === 'key' && { field: 'privateKey' }),
    ...(Array.isArray(fields) && { fields: fields.map((name) => (name === 'key' ? 'privateKey' : name)) }),
  };
}
