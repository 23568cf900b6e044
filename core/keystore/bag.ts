// The bags of a PKCS#12 store (RFC 7292 section 4.2) and what Java reads from their attributes.
import { type BerValue, bytesOf, oidOf, partsOf, readBer, tags } from './ber.ts';
import { bmpString, explicit, objectIdentifier, octetString, sequence, setOf } from './der.ts';

export type BagKind = 'key' | 'shroudedKey' | 'certificate' | 'secret' | 'other';

const kinds: Readonly<Record<string, BagKind>> = {
  '2a864886f70d010c0a0101': 'key',
  '2a864886f70d010c0a0102': 'shroudedKey',
  '2a864886f70d010c0a0103': 'certificate',
  '2a864886f70d010c0a0105': 'secret',
};

const oids = {
  shroudedKeyBag: '2a864886f70d010c0a0102',
  certificateBag: '2a864886f70d010c0a0103',
  x509Certificate: '2a864886f70d01091601',
  friendlyName: '2a864886f70d010914',
  localKeyId: '2a864886f70d010915',
  /** With it, Java reads a certificate as a trusted one (`ORACLE_TrustedKeyUsage` in PKCS12KeyStore.java). */
  trustedKeyUsage: '6086480186f966adca7b0101',
} as const;

/** One bag with its bytes. */
export interface Bag {
  readonly kind: BagKind;
  readonly raw: Buffer;
  /** EncryptedPrivateKeyInfo of a shrouded key, else the value of the bag. */
  readonly value: BerValue;
  /** DER of a certificate. Null for any other bag. */
  readonly certificate: Buffer | null;
  readonly attributes: readonly BerValue[];
  readonly friendlyName: string | null;
  /** In hex. A key and its leaf have the same one. */
  readonly localKeyId: string | null;
  readonly isTrusted: boolean;
}

/** The bags of a SafeContents. Throws a plain Error if it is damaged. */
export function readBags(safeContents: Uint8Array): Bag[] {
  return partsOf(readBer(safeContents), tags.sequence).map(readBag);
}

function readBag(bag: BerValue): Bag {
  const [type, tagged, attributeSet] = partsOf(bag, tags.sequence);
  const [value] = partsOf(tagged);
  if (value === undefined) throw new Error('a bag is empty');
  const kind = kinds[oidOf(type)] ?? 'other';
  const certificate = kind === 'certificate' ? certificateIn(value) : null;
  const attributes = attributeSet === undefined ? [] : partsOf(attributeSet, tags.set);
  const name = attributeValue(attributes, oids.friendlyName);
  const id = attributeValue(attributes, oids.localKeyId);
  return {
    kind: kind === 'certificate' && certificate === null ? 'other' : kind,
    raw: bag.raw,
    value,
    certificate,
    attributes,
    friendlyName: name === null ? null : textOf(name),
    localKeyId: id === null ? null : bytesOf(id).toString('hex'),
    isTrusted: attributeValue(attributes, oids.trustedKeyUsage) !== null,
  };
}

/** Null for a certificate of another type (SDSI). */
function certificateIn(bag: BerValue): Buffer | null {
  const [type, tagged] = partsOf(bag, tags.sequence);
  if (oidOf(type) !== oids.x509Certificate) return null;
  return bytesOf(partsOf(tagged)[0]);
}

function attributeValue(attributes: readonly BerValue[], oid: string): BerValue | null {
  for (const attribute of attributes) {
    const [type, values] = partsOf(attribute, tags.sequence);
    if (oidOf(type) === oid) return partsOf(values)[0] ?? null;
  }
  return null;
}

function textOf({ content }: BerValue): string {
  if (content.length % 2 !== 0) throw new Error('a name is damaged');
  return Buffer.from(content).swap16().toString('utf16le');
}

/** Identity of a bag that is written. `like`: the bag that it replaces, whose other attributes it keeps. */
export interface BagIdentity {
  readonly like: Bag | null;
  /** The name of a bag that replaces none. */
  readonly friendlyName: string;
  readonly localKeyId: Buffer;
}

/** A bag with an encrypted key. */
export function shroudedKeyBag(algorithm: Buffer, cipherText: Buffer, identity: BagIdentity): Buffer {
  const key = sequence(algorithm, octetString(cipherText));
  return sequence(objectIdentifier(oids.shroudedKeyBag), explicit(0, key), attributesOf(identity));
}

/** A bag with a certificate. Without an identity, it is an intermediate, which needs no attributes. */
export function certificateBag(certificate: Buffer, identity: BagIdentity | null): Buffer {
  const value = sequence(objectIdentifier(oids.x509Certificate), explicit(0, octetString(certificate)));
  const attributes = identity === null ? [] : [attributesOf(identity)];
  return sequence(objectIdentifier(oids.certificateBag), explicit(0, value), ...attributes);
}

function attributesOf({ like, friendlyName, localKeyId }: BagIdentity): Buffer {
  const kept =
    like === null
      ? [attribute(oids.friendlyName, bmpString(friendlyName))]
      : like.attributes.filter((each) => oidOf(partsOf(each)[0]) !== oids.localKeyId).map(({ raw }) => raw);
  return setOf([...kept, attribute(oids.localKeyId, octetString(localKeyId))]);
}

const attribute = (oid: string, value: Buffer): Buffer => sequence(objectIdentifier(oid), setOf([value]));
