import * as z from 'zod/mini';
import type { CertificateSource } from '../../core/deployment/source.ts';
import { type Certificate, RecordedCertificate } from '../../core/registry/certificate.ts';
import {
  certificateKey,
  certificateListKey,
  type Entry,
  ifUnchanged,
  type Origin,
  Registered,
  requireOwn,
  sourceKey,
} from './catalogue-items.ts';
import { type Item, type RegistryTable, readItem } from './registry-table.ts';

/** Registered certificates, and the mapping from an event to the certificates it concerns. */
export interface Certificates {
  certificate(name: string): Promise<Entry<Certificate> | null>;
  /** In the order of their names. */
  certificates(): Promise<Entry<Certificate>[]>;
  /** Throws InvalidRequest if the other origin has registered it. */
  putCertificate(certificate: Certificate, origin: Origin): Promise<void>;
  /** Targets, rollouts and sequence numbers of the certificate stay. */
  removeCertificate(name: string): Promise<void>;
  /**
   * The names, in order, of the certificates with this source. A secret is found by its full ARN (as in events), however it was
   * written at registration. Every other source must match exactly. The result may contain a certificate too many, never
   * one too few: an unchanged version is not rolled out again.
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
        const stored = await read(certificate.name);
        requireOwn(stored, origin, `certificate ${certificate.name}`);
        return { result: undefined, actions: putActions(table.name, { stored, certificate, origin }) };
      }),
    removeCertificate: (name) =>
      table.transact(async () => {
        const stored = await read(name);
        return { result: undefined, actions: stored === null ? [] : removeActions(table.name, stored) };
      }),
    async fedBy(source) {
      const partitions = [...new Set(spellingsOf(source))].map((written) => sourceKey(written, '').pk);
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

interface PutInput {
  readonly stored: CertificateItem | null;
  readonly certificate: Certificate;
  readonly origin: Origin;
}

function putActions(TableName: string, { stored, certificate, origin }: PutInput) {
  const { name, source } = certificate;
  const revision = (stored?.revision ?? 0) + 1;
  const Item = { ...certificateKey(name), certificate, origin, revision };
  const [oldKey, newKey] = [sourceKeyOf(stored?.certificate), sourceKeyOf(certificate)];
  const isSourceChanged = oldKey !== null && oldKey.pk !== newKey?.pk;
  return [
    { Put: { TableName, Item, ...ifUnchanged(stored?.revision ?? null) } },
    { Put: { TableName, Item: certificateListKey(name) } },
    ...(isSourceChanged ? [{ Delete: { TableName, Key: oldKey } }] : []),
    ...(newKey === null ? [] : [{ Put: { TableName, Item: { ...newKey, source } } }]),
  ];
}

function removeActions(TableName: string, stored: CertificateItem) {
  const { name } = stored.certificate;
  const sourceItem = sourceKeyOf(stored.certificate);
  return [
    { Delete: { TableName, Key: certificateKey(name), ...ifUnchanged(stored.revision) } },
    { Delete: { TableName, Key: certificateListKey(name) } },
    ...(sourceItem === null ? [] : [{ Delete: { TableName, Key: sourceItem } }]),
  ];
}

function sourceKeyOf(certificate: Certificate | undefined) {
  return certificate?.source === undefined ? null : sourceKey(certificate.source, certificate.name);
}

const secretArn = /^arn:[^:]+:secretsmanager:[^:]+:\d+:secret:(?<name>.+)$/;
/** Secrets Manager appends six random characters to the ARN of a secret. */
const arnSuffix = /-[A-Za-z0-9]{6}$/;

/** All spellings of the same source: a secret by its ARN, with or without the suffix, or by its name. */
function spellingsOf(source: CertificateSource): CertificateSource[] {
  if (source.kind !== 'secretsmanager') return [source];
  const arn = source.secretId;
  const name = secretArn.exec(arn)?.groups?.name;
  const ids = name === undefined ? [arn] : [arn, name].flatMap((id) => [id, id.replace(arnSuffix, '')]);
  return ids.map((secretId) => ({ ...source, secretId }));
}
