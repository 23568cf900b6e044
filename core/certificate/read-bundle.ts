// Converts files and secrets, in any format and order, to the form that is deployed: leaf, chain, key. Checks in order:
// size, blocks, certificates, their order, the rules of lint.ts and path-validation.ts, the key. The first problem is thrown.
import { X509Certificate } from 'node:crypto';
import type { Bundle, VersionFacts } from '../deployment/version.ts';
import { CertferryError } from '../errors.ts';
import { type OrderedChain, orderChain } from './chain.ts';
import { type DerivationBudget, openBudget } from './derivation-budget.ts';
import { dayOf, describeCertificate, describeKey, nameLine } from './describe.ts';
import { extensionsOf } from './extensions.ts';
import { epochSeconds, factsOf, fingerprintOf, namesOf } from './facts.ts';
import { keyTypeUnsupported } from './lint.ts';
import { type Block, readBlocks, readBytes, toPem } from './pem.ts';
import { readPkcs12 } from './pkcs12.ts';
import { assertKeyBelongsTo, pkcs8Of, readPrivateKey } from './private-key.ts';
import { tryOr } from './try-or.ts';

/**
 * The input of a bundle. Any field may contain any block, e.g. a key beside the certificate or a leaf in the chain.
 * `certificate` may also be the DER of one certificate. Fields may be empty.
 */
export interface BundleInput {
  readonly certificate?: string | Uint8Array | undefined;
  readonly chain?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly pkcs12?: Uint8Array | undefined;
}

/** Facts of a leaf for display. `names`: its SANs; dates: epoch seconds; `key`: e.g. `RSA 2048`. */
export interface LeafFacts {
  readonly names: string[];
  readonly notBefore: number;
  readonly notAfter: number;
  readonly issuer: string;
  readonly serial: string;
  readonly key: string;
}

/** `warnings`: full sentences about probable mistakes. */
export interface ReadBundle {
  readonly bundle: Bundle;
  readonly facts: VersionFacts;
  readonly subject: LeafFacts;
  readonly warnings: string[];
}

/** Real bundles have 4 to 12 KiB; a larger input is another file. */
export const maximumBundleBytes = 64 * 1024;

/** Real chains have 2 to 4; a trust store has over 100. */
export const maximumCertificates = 10;

const certificateLabels = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'];
const digitalSignature = 0;
const warnDaysBeforeExpiry = 7;
const secondsPerDay = 86_400;

/**
 * Parses, orders, matches and lints a bundle as of `now`. Errors, warnings and details never contain key bytes or the
 * passphrase.
 * @throws CertferryError BundleTooLarge, BundleUnreadable, TooManyCertificates, NoLeaf, SeveralLeaves, LeafIsCa,
 * NoPrivateKey, SeveralPrivateKeys, KeyMismatch, KeyTooWeak, KeyTypeUnsupported, WeakSignature, CertificateExpired,
 * CertificateNotYetValid, ChainBroken, WrongPassphrase, UnknownCriticalExtension, IssuerNotCa, KeyUsageUnfit,
 * PurposeUnfit, PathLengthExceeded, NameConstraintViolated
 */
export function readBundle(input: BundleInput, now: Date): ReadBundle {
  refuseLargeInput(input);
  const budget = openBudget();
  const blocks = blocksOf(input, budget);
  const certificates = readCertificates(blocks);
  const key = readPrivateKey(blocks, input.passphrase, budget);
  const ordered = orderChain(certificates, key, now);
  const facts = factsOf(ordered.leaf, ordered.chain);
  if (facts === null) throw keyTypeUnsupported(ordered.leaf);
  if (ordered.problem !== null) throw ordered.problem;
  assertKeyBelongsTo(ordered.leaf, key);
  const bundle = { leaf: pemOf(ordered.leaf), chain: ordered.chain.map(pemOf), key: pkcs8Of(key) };
  return { bundle, facts, subject: leafFactsOf(ordered.leaf), warnings: warningsOf(ordered, now) };
}

function refuseLargeInput({ certificate, chain, key, pkcs12 }: BundleInput): void {
  const bytes = [certificate, chain, key, pkcs12].reduce(
    (sum, field) => sum + Buffer.byteLength(field ?? ''),
    0,
  );
  if (bytes <= maximumBundleBytes) return;
  const message = `The bundle has ${bytes} bytes; at most ${maximumBundleBytes} are allowed. Use one leaf, its intermediates and its key, not a trust store.`;
  throw new CertferryError('BundleTooLarge', message, { details: { bytes } });
}

function blocksOf(
  { certificate = '', chain = '', key = '', pkcs12, passphrase }: BundleInput,
  budget: DerivationBudget,
): Block[] {
  return [
    ...(pkcs12 === undefined ? [] : readPkcs12(pkcs12, passphrase, budget)),
    ...(typeof certificate === 'string'
      ? readBlocks('certificate', certificate)
      : readBytes('certificate', certificate)),
    ...readBlocks('chain', chain),
    ...readBlocks('key', key),
  ];
}

/** The distinct certificates: at least one, at most `maximumCertificates`. */
function readCertificates(blocks: readonly Block[]): X509Certificate[] {
  const found = blocks.filter(({ label }) => certificateLabels.includes(label)).map(readCertificate);
  const distinct = [...new Map(found.map((each) => [fingerprintOf(each), each])).values()];
  if (distinct.length === 0) throw noCertificate(blocks);
  if (distinct.length <= maximumCertificates) return distinct;
  const message = `There are ${distinct.length} certificates; at most ${maximumCertificates} are allowed. Use only the leaf and its intermediates.`;
  throw new CertferryError('TooManyCertificates', message, { details: { certificates: distinct.length } });
}

function readCertificate(block: Block, index: number): X509Certificate {
  const certificate = parseCertificate(block);
  if (certificate !== null) return certificate;
  const { field } = block;
  const message = `Certificate ${index + 1} (field "${field}") cannot be parsed: its bytes are not an X.509 certificate. Copy it again from its origin.`;
  throw new CertferryError('BundleUnreadable', message, { details: { field, position: index + 1 } });
}

/** OpenSSL also parses certificates with invalid dates; these are refused. */
function parseCertificate(block: Block): X509Certificate | null {
  const certificate = tryOr(() => new X509Certificate(toPem(block)), null);
  const dates = [certificate?.validFrom, certificate?.validTo].map((date) => epochSeconds(date ?? ''));
  return dates.some(Number.isNaN) ? null : certificate;
}

function noCertificate(blocks: readonly Block[]): CertferryError {
  const labels = [...new Set(blocks.map(({ label }) => label))];
  const found = labels.length === 0 ? 'every field is empty' : `found only: ${labels.join(', ')}`;
  const message = `There is no certificate in the bundle (${found}). Add the PEM block "CERTIFICATE" that was issued for the server.`;
  return new CertferryError('NoLeaf', message, { details: { labels } });
}

function leafFactsOf(leaf: X509Certificate): LeafFacts {
  return {
    names: namesOf(leaf),
    notBefore: epochSeconds(leaf.validFrom),
    notAfter: epochSeconds(leaf.validTo),
    issuer: nameLine(leaf.issuer),
    serial: leaf.serialNumber,
    key: describeKey(leaf.publicKey),
  };
}

function pemOf(certificate: X509Certificate): string {
  return toPem({ label: 'CERTIFICATE', headers: '', der: certificate.raw });
}

function warningsOf({ leaf, chain, spare, doubtful, complete }: OrderedChain, now: Date): string[] {
  const daysLeft = (epochSeconds(leaf.validTo) - now.getTime() / 1000) / secondsPerDay;
  const warnings: string[] = [];
  if (daysLeft < warnDaysBeforeExpiry) {
    warnings.push(
      `The leaf expires on ${dayOf(leaf.validTo)}, in ${Math.max(0, Math.floor(daysLeft))} day(s).`,
    );
  }
  if (chain.length === 0 && !complete) {
    const issuer = nameLine(leaf.issuer);
    warnings.push(
      `The chain is missing: the leaf was issued by "${issuer}", but there is no intermediate. Most clients refuse it unless they trust that issuer directly.`,
    );
  }
  if (leaf.subjectAltName === undefined) {
    warnings.push('The leaf has no subject alternative name; browsers ignore the common name.');
  }
  if (!signsHandshakes(leaf)) {
    warnings.push(
      'The key usage of the leaf has no digitalSignature: only clients of TLS 1.2 with RSA key exchange accept it, and browsers do not.',
    );
  }
  if (doubtful !== null) {
    warnings.push(
      `${describeCertificate(doubtful)} names itself as issuer, but another key signed it. It is sent as an intermediate: right for a CA that changed its key. If it is a root, remove it, because it is damaged.`,
    );
  }
  return [...warnings, ...spare.map((each) => leftOutText(each, now)).toSorted()];
}

function signsHandshakes(leaf: X509Certificate): boolean {
  const { keyUsage } = extensionsOf(leaf);
  return keyUsage?.includes(digitalSignature) ?? true;
}

function leftOutText(certificate: X509Certificate, now: Date): string {
  const isExpired = epochSeconds(certificate.validTo) < now.getTime() / 1000;
  const why = isExpired ? 'it has expired' : 'it is not part of the chain';
  return `Ignored, because ${why}: ${describeCertificate(certificate)}.`;
}
