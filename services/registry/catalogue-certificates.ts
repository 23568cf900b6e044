import * as z from 'zod/mini';
import type { CertificateSource } from '../../core/deployment/source.ts';
import { type Certificate, RecordedCertificate } from '../../core/registry/certificate.ts';
import {
  asRevised,
  certificateKey,
  certificateListKey,
  type Entry,
  type Origin,
  Registered,
  requireOwn,
  sourceKey,
} from './catalogue-items.ts';
import { type Item, type RegistryTable, readItem } from './registry-table.ts';

/** Registered certificates, and which of them an event concerns. */
export interface Certificates {
  certificate(name: string): Promise<Entry<Certificate> | null>;
  /** In the order of their names. */
  certificates(): Promise<Entry<Certificate>[]>;
  /** Throws InvalidRequest where somebody else has registered it. */
  putCertificate(certificate: Certificate, origin: Origin): Promise<void>;
  /** Its targets, its rollouts and their numbers stay. */
  removeCertificate(name: string): Promise<void>;
  /**
   * The names of the certificates whose versions come from there, in their order. A secret is found by its full ARN (as
   * events have it) however it was written when it was registered; everything else exactly as it was written. It rather
   * answers one too many than one too few: a version that is unchanged is not rolled out again.
   */
  fedBy(source: CertificateSource): Promise<string[]>;
}

const CertificateItem = z.object({ ...Registered.shape, certificate: RecordedCertificate });
type CertificateItem = z.infer<typeof CertificateItem>;

/** Certificates in the registry's table. */
export function createCertificates(table: RegistryTable): Certificates {
  const read = async (name: string) => {
    const item = await table.get(certificateKey(name));
    return item === null ? null : readCertificate(name, item);
  };
  return {
    async certificate(name) {
      const item = await read(name);
      return item === null ? null : entry(item);
    },
    async certificates() {
      const names = (await table.query('certificates')).map(({ sk }) => String(sk));
      const items = await table.many(names.map(certificateKey));
      const found = new Map(items.map((item) => [item.pk, item]));
      return names.flatMap((name) => {
        const item = found.get(certificateKey(name).pk);
        return item === undefined ? [] : [entry(readCertificate(name, item))];
      });
    },
    putCertificate: (certificate, origin) =>
      table.transact(async () => {
        const before = await read(certificate.name);
        requireOwn(before, origin, `certificate ${certificate.name}`);
        return { result: undefined, actions: putting(table.name, { before, certificate, origin }) };
      }),
    removeCertificate: (name) =>
      table.transact(async () => {
        const before = await read(name);
        return { result: undefined, actions: before === null ? [] : removing(table.name, before) };
      }),
    async fedBy(source) {
      const partitions = [...new Set(writtenAs(source))].map((written) => sourceKey(written, '').pk);
      const found = await Promise.all(partitions.map((partition) => table.query(partition)));
      return [...new Set(found.flat().map(({ sk }) => String(sk)))].sort();
    },
  };
}

function readCertificate(name: string, item: Item): CertificateItem {
  return readItem(CertificateItem, item, { key: certificateKey(name), name: 'InvalidRequest' });
}

const entry = ({ certificate, origin }: CertificateItem): Entry<Certificate> => ({
  thing: certificate,
  origin,
});

interface Putting {
  readonly before: CertificateItem | null;
  readonly certificate: Certificate;
  readonly origin: Origin;
}

function putting(TableName: string, { before, certificate, origin }: Putting) {
  const { name, source } = certificate;
  const revision = (before?.revision ?? 0) + 1;
  const Item = { ...certificateKey(name), certificate, origin, revision };
  const [old, its] = [placeOf(before?.certificate), placeOf(certificate)];
  const isMoved = old !== null && old.pk !== its?.pk;
  return [
    { Put: { TableName, Item, ...asRevised(before?.revision ?? null) } },
    { Put: { TableName, Item: certificateListKey(name) } },
    ...(isMoved ? [{ Delete: { TableName, Key: old } }] : []),
    ...(its === null ? [] : [{ Put: { TableName, Item: { ...its, source } } }]),
  ];
}

function removing(TableName: string, before: CertificateItem) {
  const { name } = before.certificate;
  const place = placeOf(before.certificate);
  return [
    { Delete: { TableName, Key: certificateKey(name), ...asRevised(before.revision) } },
    { Delete: { TableName, Key: certificateListKey(name) } },
    ...(place === null ? [] : [{ Delete: { TableName, Key: place } }]),
  ];
}

function placeOf(certificate: Certificate | undefined) {
  return certificate?.source === undefined ? null : sourceKey(certificate.source, certificate.name);
}

const secretArn = /^arn:[^:]+:secretsmanager:[^:]+:\d+:secret:(?<name>.+)$/;
/** Secrets Manager ends the ARN of a secret with six characters of its own. */
const ownCharacters = /-[A-Za-z0-9]{6}$/;

/** All the ways in which the same place may have been written: a secret by its ARN, with its last characters or without, or by its name. */
function writtenAs(source: CertificateSource): CertificateSource[] {
  if (source.kind !== 'secretsmanager') return [source];
  const arn = source.secretId;
  const name = secretArn.exec(arn)?.groups?.name;
  const ids = name === undefined ? [arn] : [arn, name].flatMap((id) => [id, id.replace(ownCharacters, '')]);
  return ids.map((secretId) => ({ ...source, secretId }));
}
