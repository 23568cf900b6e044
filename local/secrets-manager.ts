import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { type JsonEndpoint, startJsonEndpoint } from './http/json-endpoint.ts';
import { ServiceError } from './http/service-error.ts';

/** Where a secret is found: what a version's source of kind `secretsmanager` says. */
export interface SecretLocation {
  readonly secretId: string;
  readonly versionId: string;
}

/** Secrets of this process's own deployments. They are in its memory and nowhere else, and go when they are dropped. */
export interface LocalSecrets extends JsonEndpoint {
  put(secret: object): SecretLocation;
  drop(location: SecretLocation): void;
}

const GetSecretValueInput = z.object({ SecretId: z.string(), VersionId: z.optional(z.string()) });

/** Serves GetSecretValue. */
export async function startSecretsManager(options: {
  accessKeyId?: string | undefined;
  onFault: (error: unknown) => void;
}): Promise<LocalSecrets> {
  const secrets = new Map<string, { versionId: string; text: string; at: number }>();
  const server = await startJsonEndpoint({
    version: '1.1',
    target: 'secretsmanager',
    ...options,
    operations: {
      async GetSecretValue(input) {
        const { SecretId, VersionId } = GetSecretValueInput.parse(input);
        const secret = secrets.get(SecretId);
        if (secret === undefined || (VersionId !== undefined && VersionId !== secret.versionId)) {
          throw new ServiceError(
            'ResourceNotFoundException',
            "Secrets Manager can't find the specified secret: it lived in the certferry process that was given it.",
          );
        }
        return {
          ARN: SecretId,
          Name: SecretId,
          VersionId: secret.versionId,
          SecretString: secret.text,
          VersionStages: ['AWSCURRENT'],
          CreatedDate: secret.at / 1000,
        };
      },
    },
  });
  return {
    ...server,
    put(secret) {
      const location = { secretId: `certferry/${randomUUID()}`, versionId: randomUUID() };
      secrets.set(location.secretId, {
        versionId: location.versionId,
        text: JSON.stringify(secret),
        at: Date.now(),
      });
      return location;
    },
    drop: ({ secretId }) => void secrets.delete(secretId),
  };
}
