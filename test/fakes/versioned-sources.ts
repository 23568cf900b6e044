// Not simulated: staging labels besides AWSCURRENT and AWSPREVIOUS, deletion, resource policies, quotas.
//
// One secret of Secrets Manager and one exportable certificate of ACM, each with the versions that a test has put there. Sources:
// [stages] https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html: a new version gets AWSCURRENT, and
//          the one before it AWSPREVIOUS
// [export] https://docs.aws.amazon.com/acm/latest/APIReference/API_ExportCertificate.html: only the current certificate, with
//          its key encrypted by the passphrase
import { createPrivateKey } from 'node:crypto';
import { ACMClient } from '@aws-sdk/client-acm';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { CertificateSource, Source } from '../../core/deployment/source.ts';
import type { Bundle } from '../../core/deployment/version.ts';
import { startJsonEndpoint } from '../../local/http/json-endpoint.ts';
import { ServiceError } from '../../local/http/service-error.ts';
import { createSources, type Sources } from '../../services/sources/sources.ts';
import { clientFor } from './scripted-service.ts';

export interface VersionedSources {
  readonly sources: Sources;
  readonly secretsEndpoint: string;
  /** Makes this the current version of the source. Returns the pinned source. */
  put(source: CertificateSource, bundle: Bundle): Source;
  close(): Promise<unknown>;
}

export const secretSource = { kind: 'secretsmanager', secretId: 'certferry/www' } as const;
export const exportedSource = {
  kind: 'acm',
  certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-4333-8444-555555555555',
} as const;

export async function startVersionedSources(): Promise<VersionedSources> {
  const versions: Bundle[] = [];
  let exported: Bundle | null = null;
  const secrets = await startJsonEndpoint({
    version: '1.1',
    target: 'secretsmanager',
    operations: {
      async GetSecretValue({ SecretId, VersionId, VersionStage = 'AWSCURRENT' }) {
        // [stages]
        const newest = VersionStage === 'AWSPREVIOUS' ? versions.length - 1 : versions.length;
        const number = VersionId === undefined ? newest : Number(String(VersionId).replace('version-', ''));
        const bundle = versions[number - 1];
        if (SecretId !== secretSource.secretId || bundle === undefined)
          throw new ServiceError(
            'ResourceNotFoundException',
            "Secrets Manager can't find the specified secret.",
          );
        return { Name: SecretId, VersionId: `version-${number}`, SecretString: secretText(bundle) };
      },
    },
  });
  const acm = await startJsonEndpoint({
    version: '1.1',
    target: 'CertificateManager',
    operations: {
      async ExportCertificate({ CertificateArn, Passphrase }) {
        if (CertificateArn !== exportedSource.certificateArn || exported === null)
          throw new ServiceError('ResourceNotFoundException', 'Could not find the certificate.');
        return exportOf(exported, Buffer.from(String(Passphrase), 'base64')); // [export]
      },
    },
  });
  const nowhere = { ...clientFor(secrets), endpoint: 'http://127.0.0.1:9' };
  const sources = createSources(
    {
      acm: new ACMClient(clientFor(acm)),
      s3: new S3Client(nowhere),
      secrets: new SecretsManagerClient(clientFor(secrets)),
      ssm: new SSMClient(nowhere),
    },
    { sleep: async () => undefined, random: () => 0 },
  );
  return {
    sources,
    secretsEndpoint: secrets.endpoint,
    put({ kind }, bundle) {
      if (kind === 'acm') {
        exported = bundle;
        return exportedSource;
      }
      versions.push(bundle);
      return { ...secretSource, versionId: `version-${versions.length}` };
    },
    close: () => Promise.all([secrets.close(), acm.close()]),
  };
}

const secretText = ({ leaf, chain, key }: Bundle): string =>
  JSON.stringify({ certificate: leaf, chain: chain.join(''), privateKey: key });

function exportOf({ leaf, chain, key }: Bundle, passphrase: Buffer) {
  const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  const PrivateKey = createPrivateKey(key).export(encrypted);
  return { Certificate: leaf, CertificateChain: chain.join(''), PrivateKey };
}
