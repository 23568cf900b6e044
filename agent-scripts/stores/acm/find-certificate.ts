import type { VersionFacts } from '../../../core/deployment/version.ts';
import { CertferryError } from '../../../core/errors.ts';
import type { StoreAccess } from '../store.ts';
import type { Certificates, StoredCertificate, Tags } from './certificates.ts';
import { factsOfStored } from './compare-certificates.ts';

/** A certificate with its ARN and its facts; `version` is null if certferry does not support its key. */
export interface InstalledCertificate extends StoredCertificate {
  readonly arn: string;
  readonly version: VersionFacts | null;
}

type Access = Pick<StoreAccess<'acm'>, 'config' | 'targetId'>;

/** By these tags, later deployments find the certificate of a first import. */
export const targetTags = ({ targetId }: Pick<Access, 'targetId'>): Tags => ({
  certferry: 'true',
  'certferry-target': targetId,
});

/** By this tag, a restore removes only what its own deployment imported. */
export const deploymentTag = (deploymentId: string): Tags => ({ 'certferry-deployment': deploymentId });

/**
 * The certificate of the target: by its ARN, or by the tags of the first import. Null before a first import.
 * @throws CertferryError StoreRefused if `certificateArn` does not exist, PlanInvalid if several certificates have the tags
 */
export async function findCertificate(
  { config, targetId }: Access,
  certificates: Certificates,
): Promise<InstalledCertificate | null> {
  const arn = config.certificateArn ?? onlyOne(await certificates.tagged(targetTags({ targetId })), targetId);
  if (arn === null) return null;
  const stored = await certificates.read(arn);
  if (stored !== null) {
    return { ...stored, arn, version: factsOfStored(stored) };
  }
  if (config.certificateArn === undefined) return null;
  throw new CertferryError(
    'StoreRefused',
    `ACM has no certificate ${arn} in the account of the agent. Import one, and set certificateArn to its ARN.`,
    { details: { arn } },
  );
}

function onlyOne(arns: readonly string[], targetId: string): string | null {
  const [arn = null, ...others] = arns;
  if (others.length === 0) return arn;
  throw new CertferryError(
    'PlanInvalid',
    `Several certificates of ACM have the tag certferry-target=${targetId}: ${arns.join(', ')}. Set certificateArn to the one that is in use, or delete the others.`,
    { details: { targetId, arns } },
  );
}
