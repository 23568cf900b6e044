// It cannot show how a real BIG-IP stores files, nor any rule between other objects: it has profiles, keys and certificates.
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { Refusal, refuseUnless } from './refusal.ts';

export type FileKind = 'ssl-key' | 'ssl-cert';
export type Entry = Readonly<Record<string, string>>;

interface StoredFile {
  readonly name: string;
  readonly partition: string;
  readonly text: string;
}

interface Profile {
  readonly name: string;
  readonly partition: string;
  readonly generation: number;
  readonly certKeyChain: readonly Entry[];
  readonly settings: Readonly<Record<string, string>>;
}

/** The running or the saved configuration. Objects are replaced, never changed, so a shallow copy is a snapshot. */
export interface Configuration {
  readonly files: Readonly<Record<FileKind, Map<string, StoredFile>>>;
  readonly profiles: Map<string, Profile>;
}

export function emptyConfiguration(): Configuration {
  return { files: { 'ssl-key': new Map(), 'ssl-cert': new Map() }, profiles: new Map() };
}

export function copyOf({ files, profiles }: Configuration): Configuration {
  return {
    files: { 'ssl-key': new Map(files['ssl-key']), 'ssl-cert': new Map(files['ssl-cert']) },
    profiles: new Map(profiles),
  };
}

const titles = { 'ssl-key': 'Certificate Key File', 'ssl-cert': 'Certificate File' } as const;
const appended = { 'ssl-key': '.key', 'ssl-cert': '.crt' } as const;

interface NewFile extends StoredFile {
  readonly kind: FileKind;
  readonly version: number;
}

/**
 * Creates a key or certificate. Version 13 appends an extension, 14 and later do not. An existing name is 409
 * (01020066:3). A name that contains a path is 400.
 */
export function createFile({ files }: Configuration, { kind, version, ...file }: NewFile): string {
  refuseUnless(!file.name.includes('/'), 400, `The name ${file.name} contains a path`);
  const extension = version < 14 && !file.name.endsWith(appended[kind]) ? appended[kind] : '';
  const name = file.name + extension;
  const path = `/${file.partition}/${name}`;
  if (files[kind].has(path))
    throw new Refusal(
      409,
      `01020066:3: The requested ${titles[kind]} (${path}) already exists in partition ${file.partition}.`,
    );
  refuseUnless(isReadable(kind, file.text), 400, `The ${titles[kind]} (${path}) cannot be parsed`);
  files[kind].set(path, { ...file, name });
  return path;
}

function isReadable(kind: FileKind, text: string): boolean {
  try {
    return kind === 'ssl-key' ? createPrivateKey(text).type === 'private' : certificatesIn(text).length > 0;
  } catch {
    return false;
  }
}

/** 404 for an unknown object (01020036:3); 400 for one in use (01070265:3, F5 K23011574). */
export function deleteFile(configuration: Configuration, kind: FileKind, path: string): void {
  const { files, profiles } = configuration;
  findFile(configuration, kind, path);
  const field = kind === 'ssl-key' ? ['key'] : ['cert', 'chain'];
  for (const [profile, { certKeyChain }] of profiles)
    if (certKeyChain.some((entry) => field.some((name) => entry[name] === path)))
      throw new Refusal(
        400,
        `01070265:3: The ${titles[kind]} (${path}) cannot be deleted because it is in use by a Client SSL profile (${profile}).`,
      );
  files[kind].delete(path);
}

export function findFile({ files }: Configuration, kind: FileKind, path: string): StoredFile {
  const file = files[kind].get(path);
  refuseUnless(file, 404, `01020036:3: The requested ${titles[kind]} (${path}) was not found.`);
  return file;
}

/** The properties as in recorded answers of 14.1 (f5-telemetry-streaming and genieparser quote whole ones). */
export function describeFile({ name, partition, text }: StoredFile, kind: FileKind): Record<string, unknown> {
  const shared = {
    kind: `tm:sys:file:${kind}:${kind}state`,
    name,
    partition,
    fullPath: `/${partition}/${name}`,
    generation: 1,
    selfLink: `https://localhost/mgmt/tm/sys/file/${kind}/~${partition}~${name}?ver=14.1.2`,
    checksum: `SHA1:${Buffer.byteLength(text)}:${createHash('sha1').update(text).digest('hex')}`,
    size: Buffer.byteLength(text),
  };
  if (kind === 'ssl-key') return { ...shared, securityType: 'normal' };
  const [first, ...others] = certificatesIn(text);
  return {
    ...shared,
    fingerprint: `SHA256/${first?.fingerprint256}`,
    expirationDate: Date.parse(first?.validTo ?? '') / 1000,
    keyType: first?.publicKey.asymmetricKeyType === 'ec' ? 'ec-public' : 'rsa-public',
    ...(others.length > 0 ? { isBundle: 'true' } : {}),
  };
}

export function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

export function findProfile({ profiles }: Configuration, path: string): Profile {
  const profile = profiles.get(path);
  refuseUnless(profile, 404, `01020036:3: The requested client-ssl profile (${path}) was not found.`);
  return profile;
}

/** `GET` repeats the entry "default" in the fields cert, key and chain. */
export function describeProfile({ name, partition, generation, certKeyChain, settings }: Profile) {
  const first = certKeyChain[0];
  return {
    kind: 'tm:ltm:profile:client-ssl:client-sslstate',
    name,
    partition,
    fullPath: `/${partition}/${name}`,
    generation,
    selfLink: `https://localhost/mgmt/tm/ltm/profile/client-ssl/~${partition}~${name}?ver=14.1.2`,
    inheritCertkeychain: 'false',
    ...settings,
    cert: first?.cert ?? 'none',
    key: first?.key ?? 'none',
    chain: first?.chain ?? 'none',
    certKeyChain: certKeyChain.map((entry) => ({
      ...entry,
      certReference: {
        link: `https://localhost/mgmt/tm/sys/file/ssl-cert/${entry.cert?.replaceAll('/', '~')}`,
      },
    })),
  };
}

const fields = ['cert', 'key', 'chain', 'passphrase'];
const settable = new Set([...fields, 'certKeyChain', 'ciphers']);

/**
 * Applies a `PATCH`. `certKeyChain` replaces all entries; with cert, key or chain beside it, the device refuses
 * (01b4002a:3, terraform-provider-bigip issue 449). A chain that is not in the body stays.
 */
export function patchProfile(
  configuration: Configuration,
  path: string,
  body: Readonly<Record<string, unknown>>,
): void {
  const profile = findProfile(configuration, path);
  const unknown = Object.keys(body).find((name) => !settable.has(name));
  refuseUnless(unknown === undefined, 400, `"${unknown}" is no property of a client-ssl profile`);
  const mixed = body.certKeyChain !== undefined && fields.some((name) => name in body);
  refuseUnless(
    !mixed,
    400,
    `01b4002a:3: Client SSL profile (${path}):cert-key-chain and profile cert/key/chain/passphrase options cannot both be set.`,
  );
  const { ciphers, certKeyChain, ...single } = body as Record<string, string>;
  const entries =
    certKeyChain === undefined
      ? [{ name: 'default', ...profile.certKeyChain[0], ...single }]
      : (certKeyChain as unknown as Entry[]);
  configuration.profiles.set(path, {
    ...profile,
    generation: profile.generation + 1,
    certKeyChain: entries.map(withoutNone),
    settings: ciphers === undefined ? profile.settings : { ...profile.settings, ciphers },
  });
  checkProfile(configuration, path);
}

function withoutNone(entry: Entry): Entry {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== 'none'));
}

/** 400 for an object that does not exist (01070277:3) and for a key of another certificate (01070317:3, dehydrated-bigip issue 11). */
function checkProfile({ files, profiles }: Configuration, path: string): void {
  for (const { cert = '', key = '', chain } of profiles.get(path)?.certKeyChain ?? []) {
    const certificate = files['ssl-cert'].get(cert);
    const privateKey = files['ssl-key'].get(key);
    refuseUnless(certificate, 400, `01070277:3: The requested certificate (${cert}) was not found.`);
    refuseUnless(privateKey, 400, `01070277:3: The requested key (${key}) was not found.`);
    refuseUnless(
      chain === undefined || files['ssl-cert'].has(chain),
      400,
      `01070277:3: The requested chain (${chain}) was not found.`,
    );
    const [leaf] = certificatesIn(certificate.text);
    refuseUnless(
      leaf?.checkPrivateKey(createPrivateKey(privateKey.text)),
      400,
      `01070317:3: profile ${path}'s key and certificate do not match`,
    );
  }
}
