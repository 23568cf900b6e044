// The fields of JSON in a secret: those of certferry, and those that ACM, Kubernetes and Vault write. A field that could be part of
// the bundle is never ignored.
import leven from 'leven';
import * as z from 'zod/mini';
import type { BundleInput } from '../../core/certificate/read-bundle.ts';
import { CertferryError } from '../../core/errors.ts';
import type { SourceLabel } from './source-label.ts';

type Part = 'certificate' | 'chain' | 'key' | 'passphrase' | 'pkcs12';

/** The accepted fields, first those of certferry. Kubernetes encodes values in base64; Vault writes `ca_chain` as a list. */
const partOf: Readonly<Record<string, Part>> = {
  certificate: 'certificate',
  chain: 'chain',
  privateKey: 'key',
  passphrase: 'passphrase',
  pkcs12: 'pkcs12',
  // ACM, GetCertificate and ExportCertificate
  Certificate: 'certificate',
  CertificateChain: 'chain',
  PrivateKey: 'key',
  Passphrase: 'passphrase',
  // Kubernetes, type kubernetes.io/tls
  'tls.crt': 'certificate',
  'tls.key': 'key',
  'ca.crt': 'chain',
  // Vault, secrets engine PKI
  private_key: 'key',
  ca_chain: 'chain',
  issuing_ca: 'chain',
};

const ownNames = '"certificate", "chain", "privateKey", "passphrase" or "pkcs12"';

/** Common names of the same things in other programs, without capitals and punctuation, with the name to use. */
const synonyms: Readonly<Record<string, string>> = {
  cert: 'certificate',
  certpem: 'certificate',
  certificatepem: 'certificate',
  crt: 'certificate',
  fullchain: 'certificate',
  fullchainpem: 'certificate',
  servercertificate: 'certificate',
  cabundle: 'chain',
  certchain: 'chain',
  certificatechainpem: 'chain',
  chainpem: 'chain',
  intermediate: 'chain',
  intermediates: 'chain',
  key: 'privateKey',
  keypem: 'privateKey',
  privatekeypem: 'privateKey',
  privkey: 'privateKey',
  privkeypem: 'privateKey',
  p12: 'pkcs12',
  pfx: 'pkcs12',
  password: 'passphrase',
};

/** Programs write null for a missing field. */
const Value = z.nullable(z.union([z.string(), z.array(z.string())]));
const Fields = z.record(z.string(), z.unknown());

/** On one or several lines: tools wrap it after 64 or 76 characters. */
const Base64 = z.pipe(z.pipe(z.string(), z.transform(withoutSpace)), z.base64());

/** Vault and Kubernetes put the fields into `data`; a manifest of Kubernetes may use `stringData`. */
const Wrapped = z.object({ data: z.optional(Fields), stringData: z.optional(Fields) });

/**
 * The input of `readBundle` from the fields of JSON; null if they are not those of a bundle.
 * @throws CertferryError BundleUnreadable for a field that is probably part of the bundle, but has an unknown name or type
 */
export function bundleInputOfFields(json: unknown, where: SourceLabel): BundleInput | null {
  const fields = fieldsIn(json);
  if (fields === null) return null;
  const known = Object.entries(fields).filter(([name]) => Object.hasOwn(partOf, name));
  refuseMisnamed(
    Object.entries(fields).filter(([name]) => !Object.hasOwn(partOf, name)),
    where,
  );
  const parts = known.flatMap(([name, value]) => partsIn(name, value, where));
  const of = (part: Part) => parts.filter((each) => each.part === part);
  const [pkcs12, ...others] = of('pkcs12').map(({ value }) => Base64.safeParse(value).data);
  if (of('pkcs12').length > 0 && (pkcs12 === undefined || others.length > 0)) return null;
  if (pkcs12 === undefined && of('certificate').length === 0) return null;
  return {
    certificate: of('certificate').map(({ value }) => value),
    chain: of('chain').map(({ value }) => value),
    key: of('key').map(({ value }) => value),
    ...(pkcs12 !== undefined && { pkcs12: Buffer.from(pkcs12, 'base64') }),
    ...passphraseIn(of('passphrase'), where),
    names: {
      certificate: nameOf(of('certificate')),
      chain: nameOf(of('chain')),
      key: nameOf(of('key')),
    },
  };
}

interface NamedPart {
  readonly name: string;
  readonly part: Part;
  readonly value: string;
}

function fieldsIn(json: unknown): Readonly<Record<string, unknown>> | null {
  const { data: fields } = Fields.safeParse(json);
  if (fields === undefined) return null;
  if (Object.keys(fields).some((name) => Object.hasOwn(partOf, name))) return fields;
  const { data, stringData } = Wrapped.safeParse(json).data ?? {};
  return data === undefined && stringData === undefined ? fields : { ...data, ...stringData };
}

function partsIn(name: string, raw: unknown, where: SourceLabel): NamedPart[] {
  const { data: value } = Value.safeParse(raw);
  const part = partOf[name];
  if (value === undefined || part === undefined) throw wrongType(name, where);
  if (value === null) return [];
  if (typeof value === 'string') return [{ name, part, value }];
  if (part === 'chain') return value.map((each) => ({ name, part, value: each }));
  throw wrongType(name, where);
}

/** `fields "ca_chain" and "issuing_ca"`; undefined for none. */
function nameOf(parts: readonly NamedPart[]): string | undefined {
  const names = [...new Set(parts.map(({ name }) => `"${name}"`))];
  if (names.length === 0) return undefined;
  return `${names.length === 1 ? 'field' : 'fields'} ${names.join(' and ')}`;
}

function passphraseIn(parts: readonly NamedPart[], where: SourceLabel): Pick<BundleInput, 'passphrase'> {
  const [passphrase, ...others] = new Set(parts.map(({ value }) => value));
  if (others.length === 0) return { passphrase };
  throw unreadable(where, 'contains two different passphrases. Keep one of them.');
}

/**
 * Fields of other names are metadata (a domain, an expiry date), unless their name or their value could be part of the bundle.
 * A field whose name begins with `_` is never part of it.
 */
function refuseMisnamed(others: readonly (readonly [string, unknown])[], where: SourceLabel): void {
  for (const [name, value] of others) {
    if (name.startsWith('_') || value === null || value === '') continue;
    const near = nearestName(name);
    if (near === null && !containsMaterial(value)) continue;
    const use = near === null ? `Use ${ownNames}.` : `Did you mean "${near}"?`;
    throw unreadable(
      where,
      `has the field "${shown(name)}", which certferry does not read, although it could be part of the bundle. ${use} If the field is something else, let its name begin with "_".`,
    );
  }
}

/** The field that is probably meant: another spelling, a synonym, a typing error. Null if the name resembles none. */
function nearestName(name: string): string | null {
  const plain = plainName(name);
  if (Object.hasOwn(synonyms, plain)) return synonyms[plain] ?? null;
  const resembles = (known: string) => {
    const distance = leven(plainName(known), plain);
    // one letter more is another name of Kubernetes: ca.crl is not ca.crt
    if (known.includes('.')) return distance === 0;
    // two letters that are swapped count as two edits
    return distance <= (plainName(known).length === plain.length ? 2 : 1);
  };
  return Object.keys(partOf).find((known) => known.length > minimumLength && resembles(known)) ?? null;
}

/** Shorter names resemble too many other words. */
const minimumLength = 4;

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** PEM of a certificate or a key, the same in base64, or DER in base64. A certificate request is not part of a bundle. */
function containsMaterial(value: unknown): boolean {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/-----BEGIN (?:[A-Z0-9 ]+ )?(?:CERTIFICATE|PRIVATE KEY|PKCS7|CMS)-----/.test(text)) return true;
  const isDer = /^MI[IH][A-Za-z0-9+/\s]{200,}={0,2}\s*$/.test(text);
  return isDer || /^LS0tLS1CRUdJTi[A-Za-z0-9+/\s]{100,}/.test(text);
}

function withoutSpace(text: string): string {
  return text.replaceAll(/\s/g, '');
}

const shownCharacters = 64;

function shown(name: string): string {
  return name.slice(0, shownCharacters).replace(/\p{Cc}/gu, '?');
}

function wrongType(name: string, where: SourceLabel): CertferryError {
  return unreadable(
    where,
    `has the field "${name}" with a value that is not a text. Store PEM, or base64 of a file.`,
  );
}

function unreadable({ name, details }: SourceLabel, problem: string): CertferryError {
  return new CertferryError('BundleUnreadable', `${name} ${problem}`, { details });
}
