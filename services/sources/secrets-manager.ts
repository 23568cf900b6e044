import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { bundleInputOf } from './content.ts';
import { labelOf } from './source-label.ts';
import type { SourceContent, SourceReader, UnpinnedSource } from './source-reader.ts';

type VersionSelector =
  | { readonly VersionId: string }
  | { readonly VersionStage: 'AWSCURRENT' | 'AWSPREVIOUS' };

/** Versions of Secrets Manager: AWSCURRENT is the latest, AWSPREVIOUS the one before it. */
export function secretsManagerReader(client: SecretsManagerClient): SourceReader<'secretsmanager'> {
  const find = (source: UnpinnedSource<'secretsmanager'>, which: VersionSelector) =>
    findSecret(client, source, which);
  return {
    pinned: (source) => find(source, { VersionId: source.versionId }),
    latest: (source) => find(source, { VersionStage: 'AWSCURRENT' }),
    async previous(source) {
      try {
        return await find(source, { VersionStage: 'AWSPREVIOUS' });
      } catch (error) {
        if (error instanceof Error && error.name === 'ResourceNotFoundException') return null;
        throw error;
      }
    },
  };
}

async function findSecret(
  client: SecretsManagerClient,
  { kind, secretId }: UnpinnedSource<'secretsmanager'>,
  which: VersionSelector,
): Promise<SourceContent> {
  const requested = 'VersionId' in which ? which.VersionId : undefined;
  const answer = await client.send(new GetSecretValueCommand({ SecretId: secretId, ...which }));
  const source = { kind, secretId, versionId: requested ?? answer.VersionId ?? '' };
  const where = labelOf(source);
  return { source, where, input: bundleInputOf(answer.SecretString ?? answer.SecretBinary ?? '', where) };
}
