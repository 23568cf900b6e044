import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { type JsonEndpoint, startJsonEndpoint } from '../http/json-endpoint.ts';
import { ServiceError } from '../http/service-error.ts';

/** The location of a secret, as in a version's source of kind `secretsmanager`. */
export interface SecretLocation {
  readonly secretId: string;
  readonly versionId: string;
}

/**
 * Secrets of this process's own deployments and rollouts. They are in its memory and nowhere else, and go when they are
 * dropped as often as they were put.
 */
export interface LocalSecrets extends JsonEndpoint {
  put(secret: object): SecretLocation;
  /** Under a name that another process finds too: a rollout that is resumed there asks for the same version. */
  putVersion(fingerprint: string, secret: object): SecretLocation;
  drop(location: SecretLocation): void;
}

const GetSecretValueInput = z.object({ SecretId: z.string(), VersionId: z.optional(z.string()) });

/** Serves GetSecretValue. */
export async function startSecretsManager(options: {
  accessKeyId?: string | undefined;
  onFault: (error: unknown) => void;
}): Promise<LocalSecrets> {
  const secrets = new Map<string, StoredSecret>();
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
  const put = (location: SecretLocation, secret: object): SecretLocation => {
    const { secretId, versionId } = location;
    const holders = (secrets.get(secretId)?.holders ?? 0) + 1;
    secrets.set(secretId, { versionId, text: JSON.stringify(secret), at: Date.now(), holders });
    return location;
  };
  return {
    ...server,
    put: (secret) => put({ secretId: `certferry/${randomUUID()}`, versionId: randomUUID() }, secret),
    putVersion: (fingerprint, secret) => put(locationOf(fingerprint), secret),
    drop({ secretId }) {
      const stored = secrets.get(secretId);
      if (stored === undefined) return;
      if (stored.holders > 1) secrets.set(secretId, { ...stored, holders: stored.holders - 1 });
      else secrets.delete(secretId);
    },
  };
}

interface StoredSecret {
  readonly versionId: string;
  readonly text: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly holders: number;
}

/** A version's id has at most 64 characters: as many as the digits of its fingerprint. */
function locationOf(fingerprint: string): SecretLocation {
  const versionId = fingerprint.replace(/^sha256:/, '');
  return { secretId: `certferry/${versionId}`, versionId };
}
