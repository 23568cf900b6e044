import { ACMClient } from '@aws-sdk/client-acm';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { createSources, type Sources } from '../../services/sources/sources.ts';
import { type ObjectServer, startObjectServer } from './object-server.ts';
import { clientFor, type ScriptedService, scriptedService } from './scripted-service.ts';

/** Sources of every kind with their services on loopback, and the waits, in milliseconds. */
export interface SourcesWorld {
  readonly sources: Sources;
  readonly acm: ScriptedService;
  readonly objects: ObjectServer;
  readonly parameters: ScriptedService;
  readonly secrets: ScriptedService;
  readonly waits: number[];
  close(): Promise<unknown>;
}

export async function startSources(): Promise<SourcesWorld> {
  const protocol = { version: '1.1' } as const;
  const acm = await scriptedService({ ...protocol, target: 'CertificateManager' }, ['ExportCertificate']);
  const parameters = await scriptedService({ ...protocol, target: 'AmazonSSM' }, ['GetParameter']);
  const secrets = await scriptedService({ ...protocol, target: 'secretsmanager' }, ['GetSecretValue']);
  const objects = await startObjectServer('certificates');
  const waits: number[] = [];
  const sources = createSources(
    {
      acm: new ACMClient(clientFor(acm)),
      s3: new S3Client(clientFor({ endpoint: objects.endpoint, close: async () => undefined })),
      secrets: new SecretsManagerClient(clientFor(secrets)),
      ssm: new SSMClient(clientFor(parameters)),
    },
    { sleep: async (milliseconds) => waits.push(milliseconds), random: () => 0.5 },
  );
  const close = () => Promise.all([acm.close(), parameters.close(), secrets.close(), objects.close()]);
  return { sources, acm, objects, parameters, secrets, waits, close };
}
