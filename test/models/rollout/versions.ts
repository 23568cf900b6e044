// Versions of a certificate, issued once for all stories.
import { factsOfPem } from '../../../core/certificate/facts.ts';
import type { Source } from '../../../core/deployment/source.ts';
import type { VersionFacts } from '../../../core/deployment/version.ts';
import { aVersion } from '../../fixtures/certificates.ts';

export const source: Source = { kind: 'secretsmanager', secretId: 'certferry/api', versionId: 'v-1' };

export interface Versions {
  /** Fingerprints. */
  readonly all: readonly string[];
  facts(fingerprint: string): VersionFacts;
  bundle(fingerprint: string): object;
}

export async function makeVersions(count: number): Promise<Versions> {
  const issued = await Promise.all(Array.from({ length: count }, () => aVersion()));
  const known = new Map(
    issued.map(({ certPem, chainPem }) => {
      const facts = factsOfPem(certPem + chainPem);
      if (facts === null) throw new Error('a version without facts');
      return [facts.fingerprint as string, { facts, bundle: { leaf: certPem, chain: [chainPem], key: '' } }];
    }),
  );
  const find = (fingerprint: string) => {
    const found = known.get(fingerprint);
    if (found === undefined) throw new Error(`there is no version ${fingerprint}`);
    return found;
  };
  return {
    all: [...known.keys()],
    facts: (fingerprint) => find(fingerprint).facts,
    bundle: (fingerprint) => find(fingerprint).bundle,
  };
}
