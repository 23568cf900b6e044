import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { tryOr } from '../certificate/try-or.ts';
import { type Bag, certificateBag, readBags, shroudedKeyBag } from './bag.ts';
import { partsOf } from './ber.ts';
import { sequence } from './der.ts';
import { namesOfCertificate } from './names-of-certificate.ts';
import {
  comparable,
  type KeystoreAccess,
  type KeystoreEntry,
  type OpenedKeystore,
} from './opened-keystore.ts';
import {
  type Integrity,
  openPkcs12,
  type Part,
  type Pkcs12File,
  requireAffordable,
  writePkcs12,
} from './pkcs12-file.ts';
import { orDamaged, refusedPassword, unfit } from './problem.ts';
import {
  type Decryption,
  decryptionOf,
  encryptWith,
  type Scheme,
  schemeForKey,
  schemeLike,
  schemes,
} from './scheme.ts';

/**
 * Opens a PKCS#12 store, or an empty one for null.
 * @throws CertferryError PlanInvalid, CredentialRefused
 */
export function openPkcs12Store(bytes: Uint8Array | null, access: KeystoreAccess): OpenedKeystore {
  const { storePassword: password } = access;
  requirePassword(access);
  const file = bytes === null ? null : openPkcs12(bytes, password, access);
  return orDamaged(access, () => {
    const bags = file === null ? [] : file.parts.flatMap((part) => part.bags);
    const bag = entryBag(bags, access);
    const key = bag === null ? null : openKey(bag, access);
    const chain = bag === null ? [] : chainOf(bag, key, bags);
    return {
      entry: key === null ? null : { chain: chain.map(({ certificate }) => certificate), key },
      withEntry: (entry) => orDamaged(access, () => merged(file, { bag, chain }, entry, access)),
    };
  });
}

/** Java accepts no other characters (`PBEKey.java`), so it could not open the store. */
function requirePassword(access: KeystoreAccess): void {
  const { storePassword, keyPassword } = access;
  if (!/^[\x20-\x7e]+$/.test(storePassword)) {
    const why =
      storePassword === ''
        ? 'it is empty'
        : 'Java opens PKCS#12 only with printable ASCII characters, and it contains another one, e.g. a line break at its end';
    throw refusedPassword(access, 'storePassword', why);
  }
  if (keyPassword !== null && keyPassword !== storePassword) {
    throw refusedPassword(
      access,
      'keyPassword',
      'a key in PKCS#12 has the password of the store. Remove keyPassword from the target, or use JKS',
    );
  }
}

interface CertificateBag extends Bag {
  readonly certificate: Buffer;
}

const isCertificate = (bag: Bag): bag is CertificateBag => bag.certificate !== null;
const isKey = ({ kind }: Bag): boolean => kind === 'key' || kind === 'shroudedKey';
const isEntry = (bag: Bag): boolean => isKey(bag) || bag.kind === 'secret' || bag.isTrusted;

/** The key with the alias. Java numbers entries without a name from 1. */
function entryBag(bags: readonly Bag[], access: KeystoreAccess): Bag | null {
  let unnamed = 0;
  const named = bags
    .filter(isEntry)
    .map((bag) => ({ bag, alias: comparable(bag.friendlyName ?? String(++unnamed)) }))
    .filter(({ alias }) => alias === comparable(access.alias));
  const [found, ...others] = named.map(({ bag }) => bag);
  if (found === undefined) return null;
  if (others.length > 0) throw unfit(access, `has several entries with the alias "${access.alias}"`);
  if (!isKey(found)) {
    throw unfit(
      access,
      `has no private key with the alias "${access.alias}", but another entry of this name`,
    );
  }
  return found;
}

function openKey(bag: Bag, access: KeystoreAccess): KeyObject {
  if (bag.kind === 'key') return parsedKey(bag.value.raw);
  const decryption = keyDecryption(bag);
  requireAffordable(decryption.iterations, access);
  const clear = decryption.open(access.storePassword);
  const key = clear === null ? null : tryOr(() => parsedKey(clear), null);
  if (key !== null) return key;
  throw refusedPassword(access, 'storePassword', `the key "${access.alias}" cannot be decrypted with it`);
}

function keyDecryption({ value }: Bag): Decryption {
  const [algorithm, cipherText] = partsOf(value);
  if (algorithm === undefined) throw new Error('the encryption of a key is not named');
  return decryptionOf(algorithm, cipherText);
}

const parsedKey = (der: Buffer): KeyObject => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });

/**
 * The chain that Java builds: the leaf with the local id of the key, then for each issuer the first certificate of that
 * subject in the file (`engineLoad` in PKCS12KeyStore.java). `key`, if open, finds a leaf without a local id.
 */
function chainOf(keyBag: Bag, key: KeyObject | null, bags: readonly Bag[]): CertificateBag[] {
  const certificates = bags.filter(isCertificate);
  const candidates = certificates.filter(
    (bag) => bag.localKeyId !== null && bag.localKeyId === keyBag.localKeyId,
  );
  let next =
    candidates.find((bag) => bag.friendlyName === keyBag.friendlyName) ??
    candidates[0] ??
    certificates.find((bag) => key !== null && belongsTo(bag, key));
  const chain: CertificateBag[] = [];
  while (next !== undefined && !chain.includes(next)) {
    chain.push(next);
    const { subject, issuer } = namesOfCertificate(next.certificate);
    if (subject === issuer) break;
    next = certificates.find(({ certificate }) => namesOfCertificate(certificate).subject === issuer);
  }
  return chain;
}

const belongsTo = ({ certificate }: CertificateBag, key: KeyObject): boolean =>
  tryOr(() => new X509Certificate(certificate).checkPrivateKey(key), false);

interface OldEntry {
  readonly bag: Bag | null;
  readonly chain: readonly CertificateBag[];
}

function merged(
  file: Pkcs12File | null,
  old: OldEntry,
  entry: KeystoreEntry,
  access: KeystoreAccess,
): Buffer {
  const next = withNewBags(file, old, entry, access);
  if (file !== null) requireSameChains(file, next, entry, access);
  return writePkcs12(next, access.storePassword);
}

function withNewBags(
  file: Pkcs12File | null,
  old: OldEntry,
  { chain, key }: KeystoreEntry,
  access: KeystoreAccess,
): Pkcs12File {
  const [leaf = Buffer.alloc(0), ...intermediates] = chain;
  const scheme = schemeOf(file, old.bag, access);
  const parts = file?.parts ?? [];
  const localKeyId = createHash('sha1').update(leaf).digest();
  const identity = (like: Bag | null) => ({ like, friendlyName: access.alias, localKeyId });
  const spare = spareBags(parts, old, chain);
  const kept = new Set(
    parts
      .flatMap(({ bags }) => bags)
      .filter((bag) => isCertificate(bag) && !spare.has(bag))
      .map((bag) => bag.certificate?.toString('hex')),
  );
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const { algorithm, cipherText } = encryptWith(schemeForKey(scheme), pkcs8, access.storePassword);
  const keyBags = bagsOf(shroudedKeyBag(algorithm, cipherText, identity(old.bag)));
  const certificateBags = bagsOf(
    certificateBag(leaf, identity(old.chain[0] ?? null)),
    ...intermediates
      .filter((certificate) => !kept.has(certificate.toString('hex')))
      .map((certificate) => certificateBag(certificate, null)),
  );
  const explicit = access.encryption === 'auto' ? null : scheme;
  const withCertificates = withBags(parts, certificateBags, {
    spare,
    explicit,
    at: old.chain[0],
    beside: isCertificate,
    scheme,
  });
  const oldKeys = new Set(old.bag === null ? [] : [old.bag]);
  const at = old.bag ?? undefined;
  return {
    parts: withBags(withCertificates, keyBags, { spare: oldKeys, explicit, at, beside: isKey, scheme: null }),
    integrity: integrityOf(file, access),
  };
}

const bagsOf = (...encoded: readonly Buffer[]): Bag[] => readBags(sequence(...encoded));

/** The scheme of the old key, of another key, or of the certificates. */
function schemeOf(file: Pkcs12File | null, old: Bag | null, { encryption }: KeystoreAccess): Scheme {
  if (encryption !== 'auto') return schemes[encryption];
  const bags = file?.parts.flatMap((part) => part.bags) ?? [];
  const shrouded = [old, ...bags].find((bag) => bag?.kind === 'shroudedKey');
  const [algorithm] = shrouded ? partsOf(shrouded.value) : [];
  if (algorithm !== undefined) return schemeLike(algorithm);
  return file?.parts.find(({ scheme }) => scheme !== null)?.scheme ?? schemes.modern;
}

function integrityOf(file: Pkcs12File | null, { encryption }: KeystoreAccess): Integrity {
  if (encryption !== 'auto') return encryption;
  return file?.integrity ?? 'modern';
}

/** The old leaf, and its intermediates that neither another entry nor the new chain needs. */
function spareBags(
  parts: readonly Part[],
  { bag: oldKey, chain: [oldLeaf, ...intermediates] }: OldEntry,
  chain: readonly Buffer[],
): ReadonlySet<Bag> {
  const bags = parts.flatMap((part) => part.bags);
  const needed = new Set(
    bags.filter((bag) => isKey(bag) && bag !== oldKey).flatMap((bag) => chainOf(bag, null, bags)),
  );
  const spare = intermediates.filter(
    (bag) => !bag.isTrusted && !needed.has(bag) && !chain.some((each) => each.equals(bag.certificate)),
  );
  const leaf = oldLeaf === undefined || needed.has(oldLeaf) || oldLeaf.isTrusted ? [] : [oldLeaf];
  return new Set<Bag>([...leaf, ...spare]);
}

interface Insertion {
  readonly spare: ReadonlySet<Bag>;
  /** The scheme of every part that is written again. Null: its own. */
  readonly explicit: Scheme | null;
  /** The bag whose position the new ones take. */
  readonly at: Bag | undefined;
  /** If there is no such bag: the new ones go to the end of the first part with a bag of this sort. */
  readonly beside: (bag: Bag) => boolean;
  /** The scheme of a part that has to be added. */
  readonly scheme: Scheme | null;
}

function withBags(parts: readonly Part[], added: readonly Bag[], insertion: Insertion): Part[] {
  const { spare, explicit, at, beside, scheme } = insertion;
  const atPart = parts.findIndex(({ bags }) => at !== undefined && bags.includes(at));
  const besidePart = parts.findIndex(({ bags }) => bags.some(beside));
  const index = atPart >= 0 ? atPart : besidePart;
  const changed = parts.map((part, position) => {
    const here = position === index ? added : [];
    const isSame = here.length === 0 && !part.bags.some((bag) => spare.has(bag));
    if (isSame) return part;
    const bags = part.bags.flatMap((bag) => [...(bag === at ? here : []), ...(spare.has(bag) ? [] : [bag])]);
    const isPlaced = at !== undefined && part.bags.includes(at);
    return {
      raw: null,
      scheme: part.scheme === null ? null : (explicit ?? part.scheme),
      bags: isPlaced ? bags : [...bags, ...here],
    };
  });
  return index >= 0 ? changed : [...changed, { raw: null, scheme, bags: added }];
}

/**
 * Java finds issuers by their subject only. With two certificates of one subject, a chain may get the wrong one.
 * @throws CertferryError PlanInvalid
 */
function requireSameChains(
  before: Pkcs12File,
  after: Pkcs12File,
  { chain }: KeystoreEntry,
  access: KeystoreAccess,
): void {
  const [old, next] = [before, after].map(({ parts }) => parts.flatMap(({ bags }) => bags)) as [Bag[], Bag[]];
  const conflict = (why: string) =>
    unfit(
      access,
      `has another certificate with the subject of an intermediate, and ${why}: Java finds issuers by their subject only. Use a keystore of its own for this target`,
    );
  const entry = entryBag(next, access);
  const built = entry === null ? [] : chainOf(entry, null, next);
  if (!chain.every((certificate, index) => built[index]?.certificate.equals(certificate)))
    throw conflict(`the alias "${access.alias}" would get a wrong chain`);
  for (const bag of old.filter((each) => isKey(each) && next.includes(each))) {
    const [chainBefore, chainAfter] = [chainOf(bag, null, old), chainOf(bag, null, next)];
    const isSame = chainBefore.every(({ certificate }, index) =>
      chainAfter[index]?.certificate.equals(certificate),
    );
    if (!isSame) throw conflict(`the alias "${bag.friendlyName ?? 'without a name'}" would lose its chain`);
  }
}
