import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import ssh2, { type Client, type IdentityCallback, type ParsedKey, type SignCallback } from 'ssh2';
import { CertferryError } from '../../../core/errors.ts';

/**
 * Algorithm of a certificate type in a request, and the signature's own algorithm and hash (PROTOCOL.certkeys of OpenSSH;
 * RFC 8332 for RSA with SHA-2).
 */
const certificateTypes: Readonly<
  Record<string, { readonly algorithm: string; readonly signature: string; readonly hash: string | null }>
> = {
  'ssh-ed25519-cert-v01@openssh.com': {
    algorithm: 'ssh-ed25519-cert-v01@openssh.com',
    signature: 'ssh-ed25519',
    hash: null,
  },
  'ssh-rsa-cert-v01@openssh.com': {
    algorithm: 'rsa-sha2-512-cert-v01@openssh.com',
    signature: 'rsa-sha2-512',
    hash: 'sha512',
  },
  ...Object.fromEntries(
    [
      ['256', 'sha256'],
      ['384', 'sha384'],
      ['521', 'sha512'],
    ].map(([bits = '', hash = '']) => [
      `ecdsa-sha2-nistp${bits}-cert-v01@openssh.com`,
      {
        algorithm: `ecdsa-sha2-nistp${bits}-cert-v01@openssh.com`,
        signature: `ecdsa-sha2-nistp${bits}`,
        hash,
      },
    ]),
  ),
};

/** A private key with its OpenSSH certificate, in the form in which ssh2 accepts keys that it cannot read itself. */
export class CertifiedKey extends ssh2.BaseAgent {
  readonly #key: KeyObject;
  readonly #identity: ParsedKey;
  readonly #hash: string | null;

  /** @throws CertferryError CredentialRefused if the certificate cannot be read */
  constructor(key: ParsedKey, line: string) {
    super();
    const [, base64 = ''] = line.trim().split(/\s+/);
    const blob = Buffer.from(base64, 'base64');
    const known = certificateTypes[firstString(blob)];
    if (known === undefined) throw unusable('is not an OpenSSH certificate');
    this.#key = createPrivateKey(key.getPrivatePEM());
    if (!blob.includes(fieldsOf(key))) throw unusable('belongs to another key than privateKey');
    this.#hash = known.hash;
    this.#identity = Object.create(key, {
      type: { value: known.algorithm },
      getPublicSSH: { value: () => blob },
    }) as ParsedKey;
  }

  override getIdentities(answer: IdentityCallback): void {
    answer(null, [this.#identity]);
  }

  override sign(_identity: unknown, data: Buffer, options: object, answer?: SignCallback): void {
    const done = typeof options === 'function' ? (options as SignCallback) : answer;
    const signature = sign(this.#hash, data, { key: this.#key, dsaEncoding: 'ieee-p1363' });
    done?.(undefined, this.#key.asymmetricKeyType === 'ec' ? twoIntegers(signature) : signature);
  }
}

/**
 * ssh2 1.17 names the algorithm of the certificate in the signature too. OpenSSH requires the algorithm of the plain key
 * there (sshkey_verify), so the name is corrected in the packet before ssh2 encrypts it.
 */
export function correctSignatures(client: Client): void {
  // the writer is exchanged when the key exchange ends, before the first login
  client.once('handshake', () => {
    const { write } = (client as unknown as WithPackets)._protocol._packetRW;
    const finalize = write.finalize.bind(write);
    write.finalize = (packet, force) => finalize(corrected(packet, write) ?? packet, force);
  });
}

interface PacketWriter {
  readonly allocStart: number;
  alloc(length: number, force?: boolean): Buffer;
  finalize(packet: Buffer, force?: boolean): Buffer;
}

/** Internals of ssh2 1.17, whose version is pinned. The tests log in to a real sshd with certificates. */
interface WithPackets {
  readonly _protocol: { readonly _packetRW: { readonly write: PacketWriter } };
}

/** SSH_MSG_USERAUTH_REQUEST of RFC 4252. */
const authRequest = 50;

/** Null for any packet but a signed request with a certificate (RFC 4252, section 7). */
function corrected(packet: Buffer, write: PacketWriter): Buffer | null {
  const start = write.allocStart;
  if (packet[start] !== authRequest) return null;
  let at = start + 1;
  const next = (): Buffer => {
    const length = packet.readUInt32BE(at);
    const value = packet.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  const [, , method] = [next(), next(), next()];
  if (method?.toString() !== 'publickey' || packet[at] !== 1) return null;
  at += 1;
  const algorithm = next().toString();
  const known = Object.values(certificateTypes).find((type) => type.algorithm === algorithm);
  if (known === undefined) return null;
  next();
  const end = at;
  const signature = next();
  const raw = signature.subarray(4 + signature.readUInt32BE(0) + 4);
  const inner = Buffer.concat([withLength(known.signature), withLength(raw)]);
  const payload = Buffer.concat([packet.subarray(start, end), withLength(inner)]);
  const copy = write.alloc(payload.length);
  payload.copy(copy, start);
  return copy;
}

function withLength(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The fields of a public key, which its certificate repeats (PROTOCOL.certkeys). */
function fieldsOf(key: ParsedKey): Buffer {
  const blob = key.getPublicSSH();
  return blob.subarray(4 + blob.readUInt32BE(0));
}

const unusable = (why: string): CertferryError =>
  new CertferryError(
    'CredentialRefused',
    `userCertificate of the target ${why}; set it to the line of the file that ends in -cert.pub`,
  );

function firstString(blob: Buffer): string {
  if (blob.length < 4) return '';
  return blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
}

/** The signature of ECDSA: two integers (RFC 5656, section 3.1.2). */
function twoIntegers(signature: Buffer): Buffer {
  const half = signature.length / 2;
  return Buffer.concat(
    [signature.subarray(0, half), signature.subarray(half)].map((part) => withLength(asMpint(part))),
  );
}

/** Shortest form, positive (RFC 4251, section 5). */
function asMpint(number: Buffer): Buffer {
  let from = 0;
  while (from < number.length - 1 && number[from] === 0) from += 1;
  const shortest = number.subarray(from);
  return ((shortest[0] ?? 0) & 0x80) === 0 ? shortest : Buffer.concat([Buffer.from([0]), shortest]);
}
