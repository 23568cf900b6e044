// Name constraints of CAs: the rules of RFC 5280 section 4.2.1.10, in the order of OpenSSL (`nc_match` in v3_ncons.c).
import type { CertificateExtensions, NameConstraints, Subtree } from './extensions.ts';
import type { GeneralName, NameKind } from './general-name.ts';

/** What a name violates; `kind` and `value` identify the name. */
export interface Violation extends GeneralName {
  readonly why: 'not permitted' | 'excluded' | 'of a form that cannot be compared';
}

/**
 * The first name of a certificate that the constraints of a CA above it forbid; null if there is none. Names are those of
 * the SAN and the subject, and for a leaf without DNS names also its common names, because clients fall back to them.
 */
export function violationOf(
  names: CertificateExtensions,
  isLeaf: boolean,
  constraints: NameConstraints,
): Violation | null {
  for (const name of constrainedNames(names, isLeaf)) {
    const why = judgeName(name, constraints);
    if (why !== null) return { ...name, why };
  }
  return null;
}

function constrainedNames(certificate: CertificateExtensions, isLeaf: boolean): GeneralName[] {
  const { alternativeNames, subject, subjectEmails, commonNames } = certificate;
  const hasDns = alternativeNames.some(({ kind }) => kind === 'dns');
  const hostNames = isLeaf && !hasDns ? commonNames.filter(isHostName) : [];
  return [
    ...(subject === '' ? [] : [{ kind: 'directory', value: subject } as const]),
    ...subjectEmails.map((value) => ({ kind: 'email', value }) as const),
    ...alternativeNames,
    ...hostNames.map((value) => ({ kind: 'dns', value }) as const),
  ];
}

function isHostName(text: string): boolean {
  return /^(?=.*\.)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/.test(text);
}

function judgeName(name: GeneralName, { permitted, excluded }: NameConstraints): Violation['why'] | null {
  const sameForm = ({ base }: Subtree) =>
    base.kind === name.kind && (name.kind !== 'other' || base.value === name.value);
  const [allowed, forbidden] = [permitted.filter(sameForm), excluded.filter(sameForm)];
  const subtrees = [...allowed, ...forbidden];
  if (subtrees.some(({ base, bounded }) => bounded || !isComparable(base))) {
    return 'of a form that cannot be compared';
  }
  const isBelow = ({ base }: Subtree) => matchers[name.kind](name.value, base.value);
  if (allowed.length > 0 && !allowed.some(isBelow)) return 'not permitted';
  return forbidden.some(isBelow) ? 'excluded' : null;
}

/** An address is constrained by an address and a mask: 8 bytes for IPv4, 32 for IPv6. */
function isComparable({ kind, value }: GeneralName): boolean {
  return kind !== 'other' && (kind !== 'ip' || value.length === 16 || value.length === 64);
}

const matchers: Readonly<Record<NameKind, (name: string, base: string) => boolean>> = {
  dns: isBelowDomain,
  ip: isInNetwork,
  email: (address, base) => {
    if (base.includes('@')) return address === base;
    return isHost(address.slice(address.lastIndexOf('@') + 1), base);
  },
  uri: (uri, base) => isHost(/^[^:/?#]+:\/\/(?:[^@/?#]*@)?([^:/?#]*)/.exec(uri)?.[1] ?? '', base),
  directory: (name, base) => name.startsWith(base),
  other: () => false,
};

/** `example.test` covers itself and every name below it; a leading dot excludes the name itself. */
function isBelowDomain(name: string, base: string): boolean {
  if (base === '') return true;
  return base.startsWith('.') ? name.endsWith(base) : name === base || name.endsWith(`.${base}`);
}

/** For e-mail addresses and URIs, a base without a leading dot is one host. */
function isHost(host: string, base: string): boolean {
  return base.startsWith('.') ? host.endsWith(base) : host === base;
}

function isInNetwork(address: string, network: string): boolean {
  if (network.length !== 2 * address.length) return false;
  const numbers = [address, network.slice(0, address.length), network.slice(address.length)];
  const [name, base, mask] = numbers.map((hex) => BigInt(`0x${hex}`)) as [bigint, bigint, bigint];
  return ((name ^ base) & mask) === 0n;
}
