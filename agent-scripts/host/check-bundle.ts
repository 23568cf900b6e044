import { createPrivateKey, X509Certificate } from 'node:crypto';
import { factsOfPem } from '../../core/certificate/facts.ts';
import { tryOr } from '../../core/certificate/try-or.ts';
import type { Bundle, VersionFacts } from '../../core/deployment/version.ts';
import { CertferryError } from '../../core/errors.ts';
import type { VerifyPolicy } from '../../core/targets/verify.ts';

/**
 * Checks the bundle again where the agent runs, although the sender has already checked it. The key must belong to the leaf. The
 * leaf must not have expired and must cover the name of the target. Loads the probe code only if there is an endpoint.
 * @throws CertferryError BundleUnreadable, KeyTypeUnsupported, KeyMismatch, CertificateExpired, NameNotCovered
 */
export async function checkBundle(
  target: { readonly id: string; readonly verify: VerifyPolicy },
  bundle: Bundle,
): Promise<VersionFacts> {
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
  if (target.verify !== 'none') {
    const { requireCoveredName } = await import('../../core/tls-probe/required-name.ts');
    requireCoveredName(target, bundle.leaf);
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
