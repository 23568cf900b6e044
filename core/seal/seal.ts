import { CompactEncrypt } from 'jose/jwe/compact/encrypt';
import type { HostKey } from '../deployment/agent-line.ts';
import type { JobHeader, SealedBody, SealedStoreBody } from '../deployment/job.ts';
import { CertferryError } from '../errors.ts';
import { publicJwk } from './host-key.ts';

/**
 * Seals a job for one host: a compact JWE (ECDH-ES, A256GCM, deflated). The protected header contains the header of the
 * job, so that header and body cannot be exchanged. Every call uses a new ephemeral key.
 *
 * @throws CertferryError UnknownHostKey if the registered key is not valid
 */
export function seal(header: JobHeader, body: SealedBody, to: HostKey): Promise<string> {
  return sealBody(header, body, to);
}

/**
 * Seals any job but `enroll` for a target in a store, as {@link seal} does. Bundles of earlier versions make the job larger;
 * signing refuses a job that is too large.
 * @throws CertferryError UnknownHostKey if the registered key is not valid
 */
export function sealStoreJob(header: JobHeader, body: SealedStoreBody, to: HostKey): Promise<string> {
  return sealBody(header, body, to);
}

async function sealBody(header: JobHeader, body: object, to: HostKey): Promise<string> {
  try {
    return await new CompactEncrypt(Buffer.from(JSON.stringify(body), 'utf8'))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', zip: 'DEF', kid: to.kid, job: header })
      .encrypt(publicJwk(to));
  } catch (cause) {
    throw new CertferryError(
      'UnknownHostKey',
      `The job for ${header.targetId} cannot be sealed: the registered key ${to.kid} of its host is not a valid key. Enroll the host again.`,
      { details: { targetId: header.targetId, kid: to.kid }, cause },
    );
  }
}
