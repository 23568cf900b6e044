import { CompactEncrypt } from 'jose/jwe/compact/encrypt';
import type { HostKey } from '../deployment/agent-line.ts';
import { type JobHeader, maximumJobCharacters, type SealedBody } from '../deployment/job.ts';
import { CertferryError } from '../errors.ts';
import { publicJwk } from './host-key.ts';

/**
 * Seals a job for one host: a compact JWE (ECDH-ES, A256GCM, deflated). The protected header contains the header of the
 * job, so that header and body cannot be exchanged. Every call uses a new ephemeral key.
 *
 * @throws CertferryError JobTooLarge above 30,000 characters; UnknownHostKey if the registered key is not an X25519 key
 */
export async function seal(header: JobHeader, body: SealedBody, to: HostKey): Promise<string> {
  const plain = Buffer.from(JSON.stringify(body), 'utf8');
  const text = await encrypt(header, plain, to);
  if (text.length > maximumJobCharacters) throw tooLarge(header, plain.length, text.length);
  return text;
}

async function encrypt(header: JobHeader, plain: Uint8Array, to: HostKey): Promise<string> {
  try {
    return await new CompactEncrypt(plain)
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', zip: 'DEF', kid: to.kid, job: header })
      .encrypt(publicJwk(to));
  } catch (cause) {
    throw new CertferryError(
      'UnknownHostKey',
      `The job for ${header.targetId} cannot be sealed: the registered key ${to.kid} of its host is not an X25519 key. Enroll the host again.`,
      { details: { targetId: header.targetId, kid: to.kid }, cause },
    );
  }
}

function tooLarge(header: JobHeader, bytes: number, characters: number): CertferryError {
  return new CertferryError(
    'JobTooLarge',
    `The job for ${header.targetId} is too large: ${bytes} bytes of bundle and target become ${characters} characters when sealed; a command can have ${maximumJobCharacters}. Remove certificates from the chain that no client needs.`,
    { details: { targetId: header.targetId, characters, limit: maximumJobCharacters } },
  );
}
