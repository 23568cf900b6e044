// Whether clients accept a path for TLS server use. node:crypto verifies the signatures; its OpenSSL has no call that
// judges a path, so the rules of RFC 5280 are here, one row each. A test compares them with `openssl verify`.
import type { X509Certificate } from 'node:crypto';
import { CertferryError, type ErrorName } from '../errors.ts';
import { describeCertificate } from './describe.ts';
import { type CertificateExtensions, extensionIds, extensionsOf } from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { type Violation, violationOf } from './name-constraints.ts';
import { tryOr } from './try-or.ts';

/** A certificate of a path. `casBelow`: CAs between it and the leaf that count for a path length. */
interface Link {
  readonly certificate: X509Certificate;
  readonly extensions: CertificateExtensions;
  readonly isLeaf: boolean;
  readonly isSelfIssued: boolean;
  readonly casBelow: number;
  /** The CAs above it, up to the anchor. */
  readonly above: readonly Link[];
}

/** `problem` completes the sentence that begins with the certificate; null if the rule is met. */
interface Rule {
  readonly reason: ErrorName;
  readonly problem: (link: Link) => string | null;
  readonly remedy: string;
}

const oneForServers = 'Request a certificate for TLS servers (serverAuth).';

/** In the order in which they are reported for a certificate. */
const rules: readonly Rule[] = [
  {
    reason: 'UnknownCriticalExtension',
    problem: unknownCritical,
    remedy: 'Request a certificate without it.',
  },
  { reason: 'IssuerNotCa', problem: notCa, remedy: 'Use a certificate that a CA has issued.' },
  {
    reason: 'KeyUsageUnfit',
    problem: unfitKeyUsage,
    remedy: 'Request a certificate with the right key usage.',
  },
  { reason: 'PurposeUnfit', problem: unfitPurpose, remedy: oneForServers },
  {
    reason: 'PathLengthExceeded',
    problem: exceededLength,
    remedy: 'Use the intermediates that the CA provides.',
  },
  {
    reason: 'NameConstraintViolated',
    problem: violatedConstraint,
    remedy: 'Request the certificate from a CA that may issue this name.',
  },
];

/**
 * The first rule that a path breaks, from the leaf upwards; null if it breaks none. The last certificate is the anchor: it
 * may be a root, or an intermediate whose issuer only the clients have. Dates and signatures are not judged here.
 */
export function pathProblem(path: readonly X509Certificate[]): CertferryError | null {
  const unreadable = path.find((certificate) => tryOr(() => extensionsOf(certificate), null) === null);
  if (unreadable !== undefined) return malformed(unreadable);
  for (const link of linksOf(path)) {
    for (const { reason, problem, remedy } of rules) {
      const found = problem(link);
      if (found === null) continue;
      const message = `${describeCertificate(link.certificate)} ${found}, so TLS clients refuse it. ${remedy}`;
      return new CertferryError(reason, message, {
        details: { subject: describeCertificate(link.certificate) },
      });
    }
  }
  return null;
}

function malformed(certificate: X509Certificate): CertferryError {
  const subject = describeCertificate(certificate);
  const message = `The extensions of ${subject} cannot be parsed, or one of them occurs twice. Request the certificate again.`;
  return new CertferryError('BundleUnreadable', message, { details: { subject } });
}

function linksOf(path: readonly X509Certificate[]): Link[] {
  const links: Link[] = [];
  for (const certificate of path.toReversed()) {
    const above = links.toReversed();
    const isSelfIssued = certificate.subject === certificate.issuer;
    const isLeaf = certificate === path[0];
    links.push({
      certificate,
      extensions: extensionsOf(certificate),
      isLeaf,
      isSelfIssued,
      casBelow: 0,
      above,
    });
  }
  let casBelow = 0;
  return links.toReversed().map((link) => {
    const counted = { ...link, casBelow };
    if (!link.isLeaf && !link.isSelfIssued) casBelow += 1;
    return counted;
  });
}

/**
 * Extensions that OpenSSL handles, by RFC 5280 section 4.2.1: a client must refuse any other that is critical. Those for
 * policies are handled without effect, because clients require no policy.
 */
const handled: readonly string[] = [
  extensionIds.keyUsage,
  extensionIds.alternativeNames,
  extensionIds.basicConstraints,
  extensionIds.nameConstraints,
  extensionIds.purposes,
  extensionIds.netscapeType,
  '2.5.29.31', // CRL distribution points
  '2.5.29.32', // certificate policies
  '2.5.29.33', // policy mappings
  '2.5.29.36', // policy constraints
  '2.5.29.54', // inhibit anyPolicy
  '1.3.6.1.5.5.7.48.1.5', // OCSP no check
];

/** Names of extensions that are critical by mistake, or in a certificate that is not for clients. */
const extensionNames: Readonly<Record<string, string>> = {
  '1.3.6.1.4.1.11129.2.4.3': 'precertificate poison',
  '1.3.6.1.5.5.7.1.24': 'TLS feature',
  '1.3.6.1.5.5.7.1.14': 'proxy certificate',
};

function unknownCritical({ extensions }: Link): string | null {
  const unknown = extensions.critical.find((id) => !handled.includes(id));
  if (unknown === undefined) return null;
  const name = extensionNames[unknown];
  return `has the critical extension ${unknown}${name === undefined ? '' : ` (${name})`}`;
}

/** RFC 5280 section 6.1.4 (k). A root of X.509 version 1 has no extensions: clients trust it as it is. */
function notCa({ extensions, isLeaf, isSelfIssued, above }: Link): string | null {
  const isOldRoot = above.length === 0 && isSelfIssued && extensions.isVersion1;
  if (isLeaf || extensions.ca || isOldRoot) return null;
  return 'has issued a certificate, but is no CA (basicConstraints)';
}

const [digitalSignature, keyEncipherment, keyAgreement, keyCertSign] = [0, 2, 4, 5];

/** RFC 5280 section 6.1.4 (n) for CAs; RFC 8446 section 4.4.2.2 and RFC 5246 section 7.4.2 for leaves. */
function unfitKeyUsage({ certificate, extensions: { keyUsage }, isLeaf }: Link): string | null {
  if (keyUsage === null) return null;
  if (!isLeaf) {
    return keyUsage.includes(keyCertSign)
      ? null
      : 'has a key usage without keyCertSign, but signs a certificate';
  }
  const isRsa = tryOr(() => certificate.publicKey.asymmetricKeyType, 'unknown') === 'rsa';
  const fit = isRsa ? [digitalSignature, keyEncipherment, keyAgreement] : [digitalSignature];
  if (keyUsage.some((bit) => fit.includes(bit))) return null;
  return `has a key usage without digitalSignature${isRsa ? ' and keyEncipherment' : ''}`;
}

const serverAuth = '1.3.6.1.5.5.7.3.1';

const purposeNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
};

const maximumPurposes = 5;
const sslServer = 1;

/** RFC 5280 section 4.2.1.12. Clients also apply it to CAs, and do not accept anyExtendedKeyUsage in its place. */
function unfitPurpose({ extensions: { purposes, netscapeType }, isLeaf }: Link): string | null {
  if (purposes !== null && !purposes.includes(serverAuth)) {
    const names = purposes.slice(0, maximumPurposes).map((id) => purposeNames[id] ?? id);
    return `has the extended key usage ${names.join(', ')} without serverAuth`;
  }
  const isForOthers = isLeaf && netscapeType !== null && !netscapeType.includes(sslServer);
  return isForOthers ? 'has a Netscape certificate type without SSL server' : null;
}

/** RFC 5280 section 4.2.1.9: self-issued certificates do not count. */
function exceededLength({ extensions: { pathLength }, casBelow }: Link): string | null {
  if (pathLength === null || casBelow <= pathLength) return null;
  return `allows ${pathLength} CA(s) below it (pathLenConstraint), but the chain has ${casBelow}`;
}

/** RFC 5280 section 6.1.3 (b) and (c): a self-issued CA is exempt. */
function violatedConstraint({ extensions, isLeaf, isSelfIssued, above }: Link): string | null {
  if (isSelfIssued && !isLeaf) return null;
  for (const { certificate, extensions: issuer } of above) {
    if (issuer.nameConstraints === null) continue;
    const violation = violationOf(extensions, isLeaf, issuer.nameConstraints);
    if (violation !== null) return violationText(violation, certificate);
  }
  return null;
}

function violationText(violation: Violation, issuer: X509Certificate): string {
  return `contains ${nameText(violation)}, which is ${violation.why} by the name constraints of ${describeCertificate(issuer)}`;
}

const kindTexts: Readonly<Record<GeneralName['kind'], string>> = {
  dns: 'the name',
  ip: 'the address',
  email: 'the e-mail address',
  uri: 'the URI',
  directory: 'its subject',
  other: 'a name of another form',
};

const maximumName = 80;

function nameText({ kind, value }: GeneralName): string {
  if (kind === 'directory' || kind === 'other') return kindTexts[kind];
  const shown = kind === 'ip' ? addressText(value) : value;
  return `${kindTexts[kind]} ${shown.replace(/[^\x20-\x7e]/g, '?').slice(0, maximumName)}`;
}

function addressText(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.length === 4 ? bytes.join('.') : (hex.match(/.{4}/g)?.join(':') ?? hex);
}
