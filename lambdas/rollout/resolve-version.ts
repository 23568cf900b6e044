import { factsOfPem } from '../../core/certificate/facts.ts';
import type { CertificateSource, Source } from '../../core/deployment/source.ts';
import type { VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import type { Certificate } from '../../core/registry/certificate.ts';
import type { Rollout, RolloutRequest } from '../../core/rollout/rollout.ts';
import type { Catalogue } from '../../services/registry/catalogue.ts';
import type { Rollouts } from '../../services/rollouts/rollout-store.ts';
import type { PinnedVersion, Sources } from '../../services/sources/sources.ts';

interface Services {
  readonly catalogue: Pick<Catalogue, 'currentVersion'>;
  readonly rollouts: Pick<Rollouts, 'sourceOf'>;
  readonly sources: Pick<Sources, 'fetch' | 'latest' | 'identify'>;
}

/** A version whose bytes were read and validated. */
export interface ResolvedVersion {
  readonly version: Rollout['version'];
  readonly facts: VersionFacts;
  /** Full sentences about the bundle; absent if there are none. */
  readonly warnings?: string[];
}

/**
 * Finds the requested version, reads its bytes and validates them.
 * @throws CertferryError InvalidRequest if the request matches no version; errors of the source and of `core/certificate`
 */
export async function resolveVersion(
  {
    certificate,
    requested,
  }: { readonly certificate: Certificate; readonly requested: RolloutRequest['version'] },
  now: Date,
  by: Services,
): Promise<ResolvedVersion> {
  const found = await findVersion(certificate, requested, now, by);
  const { leaf, chain, warnings } = await by.sources.fetch(found, now);
  const facts = factsOfPem([leaf, ...chain].join(''));
  if (facts === null) {
    throw new CertferryError(
      'KeyTypeUnsupported',
      `the leaf ${found.fingerprint} has an unsupported key type. Use an RSA, ECDSA, Ed25519 or ML-DSA key.`,
    );
  }
  const { fingerprint, notAfter } = facts;
  const version = { fingerprint, source: found.source, notAfter };
  return { version, facts, ...(warnings.length > 0 && { warnings: [...warnings] }) };
}

async function findVersion(
  { name, source }: Certificate,
  requested: RolloutRequest['version'],
  now: Date,
  by: Services,
): Promise<PinnedVersion> {
  const { catalogue, sources } = by;
  if (requested === 'current') {
    const current = await catalogue.currentVersion(name);
    if (current !== null) return current;
    throw invalid(
      `certificate ${name} has no current version, because no rollout of it has finished. Request the latest version.`,
    );
  }
  if (typeof requested !== 'string' && 'source' in requested) {
    return versionAtLocation(requested, now, sources);
  }
  if (typeof requested !== 'string' && 'fingerprint' in requested) {
    return earlierVersion(name, requested.fingerprint, by);
  }
  if (source === undefined) {
    throw invalid(
      `certificate ${name} has no source. Register it with a source, or request a version by its source location.`,
    );
  }
  return typeof requested === 'string'
    ? sources.latest(source, now)
    : sources.identify(pinned(source, requested.id), now);
}

/** A version that was rolled out before: its rollout has recorded the source location. */
async function earlierVersion(
  name: string,
  fingerprint: string,
  { catalogue, rollouts }: Services,
): Promise<PinnedVersion> {
  const current = await catalogue.currentVersion(name);
  if (current?.fingerprint === fingerprint) return current;
  const source = await rollouts.sourceOf(name, fingerprint);
  if (source !== null) return { fingerprint, source };
  throw invalid(
    `version.fingerprint: no recorded rollout of ${name} has deployed ${fingerprint}. Set version.id to the id of the version at its source.`,
  );
}

function pinned(source: CertificateSource, id: string): Source {
  switch (source.kind) {
    case 'secretsmanager':
    case 's3':
      return { ...source, versionId: id };
    case 'parameter':
      if (/^[1-9]\d{0,8}$/.test(id)) return { ...source, version: Number(id) };
      throw invalid(
        `version.id: "${id}" is not a version of parameter ${source.name}. Its versions are numbers.`,
      );
    case 'acm':
      throw invalid(
        `version.id: ACM has no version ids, so "${id}" does not exist for ${source.certificateArn}. Request the latest version.`,
      );
  }
}

async function versionAtLocation(
  { source, fingerprint }: Extract<RolloutRequest['version'], { readonly source: Source }>,
  now: Date,
  sources: Services['sources'],
): Promise<PinnedVersion> {
  if (fingerprint !== undefined) return { source, fingerprint };
  const latest = await sources.latest(unpinned(source), now);
  if (JSON.stringify(latest.source) === JSON.stringify(source)) return latest;
  throw invalid(
    'version.fingerprint is required, because this is not the latest version of the source. "certferry check" prints the fingerprint.',
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
