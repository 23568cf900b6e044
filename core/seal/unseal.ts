import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { type JobHeader, SealedBody } from '../deployment/job.ts';
import { CertferryError } from '../errors.ts';
import { type HostPrivateKey, privateJwk } from './host-key.ts';
import { fieldsOf, readJob, unreadable } from './job-text.ts';

/**
 * Opens a sealed job. The returned header is authenticated.
 *
 * @throws CertferryError SealBroken if the text was changed or is sealed for another key.
 * JobUnreadable if it is not a sealed job, or its body is not valid
 */
export async function unseal(
  text: string,
  key: HostPrivateKey,
): Promise<{ header: JobHeader; body: SealedBody }> {
  const job = readJob(text);
  if (!job.sealed) throw unreadable('it is not sealed');
  if (job.kid !== key.kid) throw broken(job.header, `it is sealed for ${job.kid}, not for ${key.kid}`);
  // GCM authenticates the header too: after this succeeds, the header is what the sender wrote.
  const body = bodyOf(await decrypt(job.header, text, key));
  if (body.target.id !== job.header.targetId) {
    throw unreadable(`its header is for ${job.header.targetId}, its body for ${body.target.id}`);
  }
  return { header: job.header, body };
}

async function decrypt(header: JobHeader, text: string, key: HostPrivateKey): Promise<string> {
  try {
    const { plaintext } = await compactDecrypt(text, privateJwk(key), {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return new TextDecoder().decode(plaintext);
  } catch (cause) {
    throw broken(
      header,
      'it was changed in transit, or it is sealed for a key that this host does not have',
      cause,
    );
  }
}

/** Errors name fields of the body, never their values: one of them is the private key. */
function bodyOf(plain: string): SealedBody {
  const body = SealedBody.safeParse(parseJson(plain));
  if (!body.success) throw unreadable(`its body is not that of a sealed job: ${fieldsOf(body.error)}`);
  return body.data;
}

function parseJson(plain: string): unknown {
  try {
    return JSON.parse(plain);
  } catch {
    // Without the cause: the message of JSON.parse quotes its input.
    throw unreadable('its body is not JSON');
  }
}

function broken(header: JobHeader, why: string, cause?: unknown): CertferryError {
  return new CertferryError(
    'SealBroken',
    `The sealed job ${header.deploymentId} for ${header.targetId} cannot be opened: ${why}. Deploy again. If the error persists, enroll the host again.`,
    { details: { deploymentId: header.deploymentId, targetId: header.targetId }, cause },
  );
}
