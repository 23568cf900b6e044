import { createPrivateKey, X509Certificate } from 'node:crypto';
import { factsOfPem } from '../../core/certificate/facts.ts';
import { tryOr } from '../../core/certificate/try-or.ts';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader, SealedBody } from '../../core/deployment/job.ts';
import type { Bundle, VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import { withRecordedPrevious } from '../apply/in-place.ts';
import { observeEndpoint } from '../apply/served-locally.ts';
import { isUnchanged } from '../apply/unchanged-files.ts';
import type { Change } from '../change/change.ts';
import { destinationsOf, planChange } from '../change/plan.ts';
import { desiredChange } from '../connectors/connectors.ts';
import { hostDistribution } from '../host/distribution.ts';
import type { Home } from '../host/home.ts';
import { rememberCredential, rememberKeysIn } from '../host/known-keys.ts';
import { withFolderLocks } from '../host/locks.ts';
import { installedReceipt, type Receipt, receiptsOf } from '../journal/receipt.ts';
import { resultLine } from '../journal/result-line.ts';
import { refuseOldTlsLibrary } from '../validation/tls-library.ts';
import { applyAndRecord } from './apply-and-record.ts';
import { reportUnchanged } from './report-unchanged.ts';

/**
 * Jobs `deploy` and `validate`: installs the bundle for the target, or (dry run) only checks whether the daemon accepts it.
 * @throws CertferryError for every refusal before a live file changes
 */
export async function deploy(
  home: Home,
  header: JobHeader,
  { target, bundle, credentials = {} }: SealedBody,
): Promise<AgentLine> {
  rememberKeysIn(bundle.key);
  for (const value of Object.values(credentials)) rememberCredential(value);
  const version = checkBundle(bundle);
  await checkName(target, bundle);
  const desired = desiredChange(target, bundle, hostDistribution(), credentials);
  await refuseOldTlsLibrary(version, desired.validate);
  const policy = { ...target.config, verify: target.verify };
  const observed = observeEndpoint(target);
  return withFolderLocks(home, destinationsOf(desired), async () => {
    const plan = await planChange(home, header, desired, version, policy);
    const planned = { ...plan, baseline: await observed };
    const installed = installedReceipt(receiptsOf(home, header.targetId));
    if (header.action === 'deploy' && installed !== null && isUnchanged(planned.change, installed)) {
      return reportUnchanged(home, { header, desired, planned, installed });
    }
    const origin = originOf(planned.change, installed);
    return applyAndRecord(home, header, withRecordedPrevious(home, planned, installed), origin);
  });
}

/**
 * The deployment that first installed this version (see `Receipt`). If this one only repairs files of the installed version,
 * it is the origin of that version, because a rollback must not install the same version again.
 */
function originOf({ deploymentId, version, previousVersion }: Change, installed: Receipt | null): string {
  const isSame = [installed?.line.version, previousVersion].every(
    (other) => other?.fingerprint === version.fingerprint,
  );
  return isSame && installed !== null ? installed.origin : deploymentId;
}

/** Checks the bundle again on the host, although the sender has already checked it. */
function checkBundle(bundle: Bundle): VersionFacts {
  const facts = factsOfPem(bundle.leaf + bundle.chain.join(''));
  if (facts === null) throw unreadable(bundle);
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

/** With `runtime: host`, the Node of the host may be older than the one that judged the bundle. */
function unreadable(bundle: Bundle): CertferryError {
  const isCertificate = tryOr(() => new X509Certificate(bundle.leaf), null) !== null;
  if (!isCertificate) {
    return new CertferryError('BundleUnreadable', 'the bundle in the job contains no certificate');
  }
  const message = `the Node ${process.versions.node} of this host has OpenSSL ${process.versions.openssl}, which does not support the key of the leaf. Use the runtime that certferry delivers, or a newer Node (24.6 for ML-DSA).`;
  return new CertferryError('KeyTypeUnsupported', message);
}

/** The result of a refused job. */
export function rejected(
  header: Pick<JobHeader, 'deploymentId' | 'targetId'>,
  error: CertferryError,
): AgentLine {
  return resultLine(header, {
    outcome: 'rejected',
    summary: error.message,
    reason: error.name,
  });
}

/** Checks the name again. Loads the probe code only if there is an endpoint. */
async function checkName(target: SealedBody['target'], { leaf }: Bundle): Promise<void> {
  if (target.verify === 'none') return;
  const { requireCoveredName } = await import('../../core/tls-probe/required-name.ts');
  requireCoveredName(target, leaf);
}
