import { createPrivateKey, X509Certificate } from 'node:crypto';
import { factsOfPem } from '../../core/certificate/facts.ts';
import { type AgentLine, agentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader, SealedBody } from '../../core/deployment/job.ts';
import type { Bundle, VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { isUnchanged } from '../apply/unchanged-files.ts';
import { destinationsOf, planChange } from '../change/plan.ts';
import { desiredChange } from '../connectors/connectors.ts';
import { hostDistribution } from '../host/distribution.ts';
import type { Home } from '../host/home.ts';
import { withFolderLocks } from '../host/locks.ts';
import { installedReceipt, receiptsOf } from '../journal/receipt.ts';
import { applyAndRecord } from './apply-and-record.ts';
import { reportUnchanged } from './report-unchanged.ts';

/**
 * Jobs `deploy` and `validate`: makes the target's files those of the bundle, or (dry run) lets the daemon say
 * whether it would take them.
 * @throws CertferryError for everything that is refused before the live files are touched
 */
export async function deploy(
  home: Home,
  header: JobHeader,
  { target, bundle }: SealedBody,
): Promise<AgentLine> {
  const version = preflight(bundle);
  const wanted = desiredChange(target, bundle, hostDistribution());
  const policy = { ...target.config, verify: target.verify };
  return withFolderLocks(destinationsOf(wanted), async () => {
    const planned = await planChange(home, header, wanted, version, policy);
    const installed = installedReceipt(receiptsOf(home, header.targetId));
    if (header.action === 'deploy' && installed !== null && isUnchanged(planned.change, installed)) {
      return reportUnchanged(home, { header, wanted, planned, installed });
    }
    return applyAndRecord(home, header, planned, header.deploymentId);
  });
}

/** What was sealed was linted by its sender; the host believes its own eyes all the same. */
function preflight(bundle: Bundle): VersionFacts {
  const facts = factsOfPem(bundle.leaf + bundle.chain.join(''));
  if (facts === null)
    throw new CertferryError('BundleUnreadable', 'the bundle on its way to this host holds no certificate');
  const leaf = new X509Certificate(bundle.leaf);
  if (!leaf.checkPrivateKey(createPrivateKey(bundle.key))) {
    throw new CertferryError(
      'KeyMismatch',
      `the private key does not belong to the leaf ${facts.fingerprint}`,
    );
  }
  if (facts.notAfter * 1_000 <= Date.now()) {
    throw new CertferryError(
      'CertificateExpired',
      `the leaf ${facts.fingerprint} expired on ${leaf.validTo}`,
    );
  }
  return facts;
}

/** A line that says no more than who is answering and why nothing was done. */
export function rejected(
  header: Pick<JobHeader, 'deploymentId' | 'targetId'>,
  error: CertferryError,
): AgentLine {
  return agentLine({
    deploymentId: header.deploymentId,
    targetId: header.targetId,
    outcome: 'rejected',
    summary: error.message,
    reason: error.name,
  });
}
