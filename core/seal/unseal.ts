import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { type JobHeader, SealedBody } from '../deployment/job.ts';
import { CertferryError } from '../errors.ts';
import { type HostPrivateKey, privateJwk } from './host-key.ts';
import { fieldsOf, readJob, unreadable } from './job-text.ts';

/**
 * Opens a sealed job. The header returned is the authenticated one.
 *
 * Throws SealBroken when the text was changed or is sealed for another key, JobUnreadable when it is no sealed job
 * or holds something else than the body of one.
 */
export async function unseal(
  text: string,
  key: HostPrivateKey,
): Promise<{ header: JobHeader; body: SealedBody }> {
  const job = readJob(text);
  if (!job.sealed) throw unreadable('it is not sealed');
  if (job.kid !== key.kid) throw broken(job.header, `it is sealed for ${job.kid}, not for ${key.kid}`);
  // The header that was read is part of what GCM authenticates: once this succeeds, it is what the sender wrote.
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
      'it was changed on the way, or sealed for a key that this host does not have',
      cause,
    );
  }
}

/** The body's fields are named in an error, their values never are: the private key is one of them. */
function bodyOf(plain: string): SealedBody {
  const body = SealedBody.safeParse(parseJson(plain));
  if (!body.success) throw unreadable(`its body is not that of a sealed job: ${fieldsOf(body.error)}`);
  return body.data;
}

function parseJson(plain: string): unknown {
  try {
    return JSON.parse(plain);
  } catch {
    // Without the cause: JSON.parse quotes what it could not read.
    throw unreadable('its body is not JSON');
  }
}

function broken(header: JobHeader, why: string, cause?: unknown): CertferryError {
  return new CertferryError(
    'SealBroken',
    `The sealed job ${header.deploymentId} for ${header.targetId} cannot be opened: ${why}. Deploy again; if it stays so, enrol the host again.`,
    { details: { deploymentId: header.deploymentId, targetId: header.targetId }, cause },
  );
}
