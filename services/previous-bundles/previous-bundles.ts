import type { CertificateSource, Source } from '../../core/deployment/source.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { isCertferryError } from '../../core/errors.ts';
import { isThrottled } from '../sources/retries.ts';
import type { PinnedVersion, Sources } from '../sources/sources.ts';
import type { KeptBundles } from './kept-bundles.ts';

/** The target whose previous versions are searched. */
export interface OfTarget {
  readonly targetId: string;
  readonly certificate: string;
}

/** Finds the bundle of an earlier version with its key, for a store that returns no keys. */
export interface PreviousBundles {
  /** Null if no source has this version any more. @throws CertferryError if a source cannot be read now */
  find(fingerprint: string): Promise<Bundle | null>;
}

/** All sources of earlier versions of a target. */
export interface SearchedBundles extends PreviousBundles {
  /** The fingerprint of the previous version of the certificate's source; null if there is none. @throws as `find` */
  previousInSource(): Promise<string | null>;
}

/** Where an earlier version may be. */
export interface PreviousServices {
  readonly sources: Pick<Sources, 'fetch' | 'latest' | 'previous'>;
  readonly kept: Pick<KeptBundles, 'find'>;
  /** The pinned source that a rollout or a deployment has recorded for a version; null if none has. */
  readonly recordedSource: (of: OfTarget, fingerprint: string) => Promise<Source | null>;
  /** The source of the certificate; null if it is registered without one. */
  readonly certificateSource: (certificate: string) => Promise<CertificateSource | null>;
}

/**
 * Searches, in this order: the recorded source of the version, the previous and the current version of the certificate's source,
 * and the kept copy. A rollback needs the current version too, because it must be reversible itself.
 */
export function createPreviousBundles(by: PreviousServices, of: OfTarget, now: Date): SearchedBundles {
  return {
    async previousInSource() {
      try {
        return (await versionInSource(by, of, { which: 'previous', now }))?.fingerprint ?? null;
      } catch (error) {
        if (isGone(error)) return null;
        throw error;
      }
    },
    async find(fingerprint) {
      const unavailable: unknown[] = [];
      const attempts = [
        () => fromRecordedSource(by, of, { fingerprint, now }),
        () => fromVersion(by, { fingerprint, now }, versionInSource(by, of, { which: 'previous', now })),
        () => fromVersion(by, { fingerprint, now }, versionInSource(by, of, { which: 'latest', now })),
        () => by.kept.find(of.targetId, fingerprint),
      ];
      for (const attempt of attempts) {
        const bundle = await attempt().catch((error: unknown) => {
          if (!isGone(error)) unavailable.push(error);
          return null;
        });
        if (bundle !== null) return bundle;
      }
      if (unavailable.length > 0) throw unavailable[0];
      return null;
    },
  };
}

interface Wanted {
  readonly fingerprint: string;
  readonly now: Date;
}

async function fromRecordedSource(
  { recordedSource, sources }: PreviousServices,
  of: OfTarget,
  { fingerprint, now }: Wanted,
): Promise<Bundle | null> {
  const source = await recordedSource(of, fingerprint);
  return source === null ? null : await fetchBundle(sources, { fingerprint, source }, now);
}

/** The bundle of a version in the certificate's source, if it is the wanted one. */
async function fromVersion(
  { sources }: PreviousServices,
  { fingerprint, now }: Wanted,
  found: Promise<PinnedVersion | null>,
): Promise<Bundle | null> {
  const version = await found;
  return version?.fingerprint === fingerprint ? await fetchBundle(sources, version, now) : null;
}

/** A version in the certificate's source: its latest one, or the one before that. */
async function versionInSource(
  { certificateSource, sources }: PreviousServices,
  { certificate }: OfTarget,
  { which, now }: { readonly which: 'latest' | 'previous'; readonly now: Date },
): Promise<PinnedVersion | null> {
  const source = await certificateSource(certificate);
  return source === null ? null : await sources[which](source, now);
}

async function fetchBundle(
  sources: Pick<Sources, 'fetch'>,
  version: PinnedVersion,
  now: Date,
): Promise<Bundle> {
  const { leaf, chain, key } = await sources.fetch(version, now);
  return { leaf, chain, key };
}

/** Errors of the services for a version that was deleted. */
const deleted = new Set([
  'ResourceNotFoundException',
  'InvalidRequestException', // Secrets Manager: the secret is marked for deletion
  'NoSuchKey',
  'NoSuchVersion',
  'NotFound',
  'ParameterNotFound',
  'ParameterVersionNotFound',
]);

/** Whether a source does not have the version any more. A source that cannot be read now may still have it. */
function isGone(error: unknown): boolean {
  if (!isCertferryError(error) || isThrottled(error)) return false;
  if (error.name === 'CredentialUnavailable') return false; // a kept copy whose data key cannot be opened
  if (error.name !== 'SourceUnavailable') return true;
  return error.cause instanceof Error && deleted.has(error.cause.name);
}

/**
 * The bundles of these versions that some source still has, for a sealed job to a host. Versions that no source has are
 * missing: the agent refuses the deployment, unless the target allows it.
 */
export async function bundlesOf(
  previous: PreviousBundles,
  fingerprints: readonly string[],
): Promise<Bundle[]> {
  const found = await Promise.all([...new Set(fingerprints)].map((each) => previous.find(each)));
  return found.filter((bundle) => bundle !== null);
}

/** Whether a copy of each installed version must be kept: the source keeps no earlier version. */
export function needsKeptCopy(source: Pick<Source, 'kind'>): boolean {
  return keepsNoPreviousVersion.has(source.kind);
}

/** `SourceReader.previous` of these kinds always returns null. */
const keepsNoPreviousVersion: ReadonlySet<Source['kind']> = new Set(['acm']);
