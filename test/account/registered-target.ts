import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Certificate } from '../../core/registry/certificate.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { tableNames } from '../../local/dynamodb/stack-tables.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { installedKey } from '../../services/registry/installed-versions.ts';
import { aTarget } from '../cli/finished.ts';

const host = 'i-0123456789abcdef0';
const inDays = (days: number) => Math.floor(Date.now() / 1000) + days * 86_400;

const secret = { kind: 'secretsmanager' as const, secretId: 'certferry/api' };

export async function registerIn(
  documents: DynamoDBDocumentClient,
  {
    source = secret,
    target = {},
  }: {
    source?: Certificate['source'] | null;
    target?: object;
  } = {},
): Promise<void> {
  const catalogue = createCatalogue(documents, tableNames.registry);
  const certificate = { name: 'api.example.com', strategy: {}, serviceEndpoints: [] };
  await catalogue.putCertificate(source === null ? certificate : { ...certificate, source }, 'cli');
  await catalogue.putTarget(RegisteredTarget.parse({ ...aTarget(), host, ...target }), 'cli');
}

export async function installIn(documents: DynamoDBDocumentClient, changes: object = {}): Promise<void> {
  const item = {
    ...installedKey('web-1'),
    targetId: 'web-1',
    certificate: 'api.example.com',
    host,
    fingerprint: `sha256:${'ab'.repeat(32)}`,
    notAfter: inDays(60),
    outcome: 'deployed',
    deploymentId: 'd',
    fence: 1,
    at: '2026-11-22T04:15:00.000Z',
    ...changes,
  };
  await documents.send(new PutCommand({ TableName: tableNames.registry, Item: item }));
}
