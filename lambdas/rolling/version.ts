import { factsOfPem } from '../../core/certificate/facts.ts';
import type { CertificateSource, Source } from '../../core/deployment/source.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Certificate } from '../../core/rollout/certificate.ts';
import type { Rollout, RolloutRequest } from '../../core/rollout/rollout.ts';
import type { Catalogue } from '../services/catalogue.ts';
import type { Sources, WantedVersion } from '../services/sources.ts';

interface Services {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly sources: Pick<Sources, 'fetch' | 'latest'>;
}

/** A version whose bytes were read and judged. */
export interface FoundVersion {
  readonly version: Rollout['version'];
  readonly facts: VersionFacts;
}

/**
 * The version that a request means, once its bytes have been read and nothing was held against them.
 * @throws CertferryError InvalidRequest where it means none; whatever the source and `core/certificate` throw
 */
export async function versionOf(
  { certificate, asked }: { readonly certificate: Certificate; readonly asked: RolloutRequest['version'] },
  now: Date,
  by: Services,
): Promise<FoundVersion> {
  const wanted = await wantedVersion(certificate, asked, now, by);
  const { leaf, chain } = await by.sources.fetch(wanted, now);
  const facts = factsOfPem([leaf, ...chain].join(''));
  if (facts === null) {
    throw new CertferryError(
      'KeyTypeUnsupported',
      `the leaf ${wanted.fingerprint} has a key of a kind that is not carried`,
    );
  }
  const { fingerprint, notAfter } = facts;
  return { version: { fingerprint, source: wanted.source, notAfter }, facts };
}

async function wantedVersion(
  { name, source }: Certificate,
  asked: RolloutRequest['version'],
  now: Date,
  { catalogue, sources }: Services,
): Promise<WantedVersion> {
  if (asked === 'current') {
    const current = await catalogue.currentVersion(name);
    if (current !== null) return current;
    throw invalid(
      `no rollout of ${name} has ended well yet, so it has no current version: ask for the latest`,
    );
  }
  if (typeof asked !== 'string') return givenVersion(asked, now, sources);
  if (source !== undefined) return sources.latest(source, now);
  throw invalid(`certificate ${name} has no source: give it one, or say which version to roll out`);
}

async function givenVersion(
  { source, fingerprint }: Exclude<RolloutRequest['version'], string>,
  now: Date,
  sources: Services['sources'],
): Promise<WantedVersion> {
  if (fingerprint !== undefined) return { source, fingerprint };
  const latest = await sources.latest(unpinned(source), now);
  if (JSON.stringify(latest.source) === JSON.stringify(source)) return latest;
  throw invalid(
    'version.fingerprint is required for a version that is not the latest of its source: certferry check prints it',
  );
}

function unpinned(source: Source): CertificateSource {
  switch (source.kind) {
    case 'secretsmanager':
      return { kind: source.kind, secretId: source.secretId };
    case 'acm':
      return source;
    case 's3':
      return { kind: source.kind, bucket: source.bucket, key: source.key };
    case 'parameter':
      return { kind: source.kind, name: source.name };
  }
}

const invalid = (why: string) => new CertferryError('InvalidRequest', why);
