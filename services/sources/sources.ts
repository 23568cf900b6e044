// Reads the bytes of versions: one file in this folder for each kind of source, and here the common part. `core/certificate`
// checks the bytes before they are used. An error names their source and never quotes them.
import type { ACMClient } from '@aws-sdk/client-acm';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { type ReadBundle, readBundle } from '../../core/certificate/read-bundle.ts';
import type { CertificateSource, Source } from '../../core/deployment/source.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError, type ErrorDetails, isCertferryError } from '../../core/errors.ts';
import { acmReader } from './acm.ts';
import { createBundleCache, type FetchedBundle } from './bundle-cache.ts';
import { parameterStoreReader } from './parameter-store.ts';
import { isThrottled, type RetryTimer, withRetries } from './retries.ts';
import { s3Reader } from './s3.ts';
import { secretsManagerReader } from './secrets-manager.ts';
import { labelOf } from './source-label.ts';
import { readerOf, type SourceContent, type SourceReaders } from './source-reader.ts';

/** A version: the fingerprint of its leaf, and the source of its bytes. */
export interface PinnedVersion {
  readonly fingerprint: string;
  readonly source: Source;
}

/** A version of a source, without its bytes. `notAfter`: expiry of the leaf, in epoch seconds. */
export interface SourceVersion extends PinnedVersion {
  readonly notAfter: number;
}

/**
 * Reads versions from their sources.
 *
 * `fetch` returns a parsed and checked bundle with the requested leaf, and the warnings about it. `latest` returns the current version of a source.
 * `previous` returns the version before it (null: there is none, or the source does not keep it). `identify` returns the
 * fingerprint of a version that is known only by its source.
 *
 * All throw SourceUnavailable (the bytes cannot be read now), SourceUnfit (the source can never be used) or an error of
 * `core/certificate` (BundleUnreadable, KeyMismatch, …). `fetch` throws SourceMismatch if the bytes are of another version.
 * After a temporary failure `fetch` retries with its own waits, because its state is not retried. The state of `latest` is
 * retried for hours.
 *
 * A bundle contains a private key: seal it, but never log, return or store it.
 */
export interface Sources {
  fetch(version: PinnedVersion, now: Date): Promise<FetchedBundle>;
  latest(source: CertificateSource, now: Date): Promise<SourceVersion>;
  previous(source: CertificateSource, now: Date): Promise<SourceVersion | null>;
  identify(source: Source, now: Date): Promise<SourceVersion>;
}

/** The SDK clients, one for each kind of source. */
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
      const { facts, ...read } = parseContent(found, now);
      const bundle = fetched(read);
      if (facts.fingerprint !== fingerprint) throw mismatch(source, facts.fingerprint, fingerprint);
      recent.put(key, bundle, now);
      return bundle;
    },
    async latest(source, now) {
      const found = await readerOf(readers, source).latest(source).catch(unavailable(source));
      const { facts, ...read } = parseContent(found, now);
      // the caller fetches this version next
      recent.put(keyOf(found.source, facts.fingerprint), fetched(read), now);
      return versionIn(found, facts);
    },
    async identify(source, now) {
      const found = await readerOf(readers, source).pinned(source).catch(unavailable(source));
      const { facts, ...read } = parseContent(found, now);
      recent.put(keyOf(source, facts.fingerprint), fetched(read), now);
      return versionIn(found, facts);
    },
    async previous(source, now) {
      const found = await readerOf(readers, source).previous(source).catch(unavailable(source));
      return found && versionIn(found, parseContent(found, now).facts);
    },
  };
}

const fetched = ({ bundle, warnings }: Pick<ReadBundle, 'bundle' | 'warnings'>): FetchedBundle => ({
  ...bundle,
  warnings,
});

function versionIn({ source }: SourceContent, { fingerprint, notAfter }: VersionFacts): SourceVersion {
  return { fingerprint, source, notAfter };
}

const keyOf = (source: Source, fingerprint: string) => JSON.stringify([source, fingerprint]);

/** A throttled call keeps its error name: the state machine of a deployment retries it, whereas SourceUnavailable ends it. */
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
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown error';
    const message = `${name} could not be read (${why}). Check that it exists and that this function may read and decrypt it.`;
    throw new CertferryError('SourceUnavailable', message, { details, cause });
  };
}

function mismatch(source: Source, found: string, requested: string): CertferryError {
  const { name, details } = labelOf(source);
  const message = `${name} contains ${found}, but ${requested} was requested. Request the version that the source contains, or set the right version of the source.`;
  return new CertferryError('SourceMismatch', message, { details: { ...details, requested, found } });
}

/** Adds the source to the error. */
function parseContent({ input, where }: SourceContent, now: Date): ReadBundle {
  try {
    return readBundle(input, now);
  } catch (error) {
    if (!isCertferryError(error)) throw error;
    throw new CertferryError(error.name, `${where.name}: ${error.message}`, {
      details: { ...inSource(error.details), ...where.details },
      cause: error,
    });
  }
}

/** `core/certificate` calls the field `key`; JSON calls it `privateKey`, as ACM does (with a capital). */
function inSource(details: ErrorDetails): ErrorDetails {
  const { field, fields } = details;
  return {
    ...details,
    ...(field === 'key' && { field: 'privateKey' }),
    ...(Array.isArray(fields) && { fields: fields.map((name) => (name === 'key' ? 'privateKey' : name)) }),
  };
}
