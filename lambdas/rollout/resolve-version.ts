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
  by: Services,
): Promise<PinnedVersion> {
  const { catalogue, sources } = by;
  if (asked === 'current') {
    const current = await catalogue.currentVersion(name);
    if (current !== null) return current;
    throw invalid(
      `no rollout of ${name} has ended well yet, so it has no current version: ask for the latest`,
    );
  }
  if (typeof asked !== 'string' && 'source' in asked) return givenVersion(asked, now, sources);
  if (typeof asked !== 'string' && 'fingerprint' in asked) return carried(name, asked.fingerprint, by);
  if (source === undefined) {
    throw invalid(`certificate ${name} has no source: give it one, or say which version to roll out`);
  }
  return typeof asked === 'string'
    ? sources.latest(source, now)
    : sources.identify(pinned(source, asked.id), now);
}

/** A version that has been there before: its rollout noted where its bytes are. */
async function carried(
  name: string,
  fingerprint: string,
  { catalogue, rollouts }: Services,
): Promise<PinnedVersion> {
  const current = await catalogue.currentVersion(name);
  if (current?.fingerprint === fingerprint) return current;
  const source = await rollouts.sourceOf(name, fingerprint);
  if (source !== null) return { fingerprint, source };
  throw invalid(
    `version.fingerprint: no rollout of ${name} that is remembered has carried ${fingerprint}: say version.id, the name that its source gives the version`,
  );
}

function pinned(source: CertificateSource, id: string): Source {
  switch (source.kind) {
    case 'secretsmanager':
    case 's3':
      return { ...source, versionId: id };
    case 'parameter':
      if (/^[1-9]\d{0,8}$/.test(id)) return { ...source, version: Number(id) };
      throw invalid(`version.id: the versions of parameter ${source.name} are numbers, and "${id}" is none`);
    case 'acm':
      throw invalid(
        `version.id: ACM keeps one version of ${source.certificateArn} and gives it no name, so "${id}" is none: latest is what it has`,
      );
  }
}

async function givenVersion(
  { source, fingerprint }: Extract<RolloutRequest['version'], { readonly source: Source }>,
  now: Date,
  sources: Services['sources'],
): Promise<PinnedVersion> {
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
