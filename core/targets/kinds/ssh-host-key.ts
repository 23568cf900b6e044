import { createHash } from 'node:crypto';
import * as z from 'zod/mini';

/** A host key that a target accepts. `type`: null if only its fingerprint is configured. */
export interface PinnedHostKey {
  /** `SHA256:` and base64 without padding, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly type: string | null;
}

const fingerprintPattern = /^SHA256:[A-Za-z0-9+/]{43}$/;
const keyType = /^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521))$/;

/**
 * One accepted host key: a line of known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), the type and the key of such a line,
 * or a SHA-256 fingerprint. The names in a line are not compared, because the line belongs to this target.
 */
export const HostKey = z.string().check(
  z.maxLength(4096),
  z.refine(
    (text) => parseHostKey(text) !== null,
    'a line of known_hosts without @cert-authority or @revoked, or a fingerprint such as SHA256: and 43 characters',
  ),
);

/** Null if the text is neither a fingerprint nor a line of known_hosts with a key. */
export function parseHostKey(text: string): PinnedHostKey | null {
  const trimmed = text.trim();
  if (fingerprintPattern.test(trimmed)) return { fingerprint: trimmed, type: null };
  if (/[\r\n]/.test(trimmed) || trimmed.startsWith('@') || trimmed.startsWith('#')) return null;
  const words = trimmed.split(/[ \t]+/);
  const at = words.findIndex((word) => keyType.test(word));
  const type = words[at];
  if (at < 0 || at > 1 || type === undefined) return null;
  const blob = Buffer.from(words[at + 1] ?? '', 'base64');
  return typeOfHostKey(blob) === type ? { fingerprint: fingerprintOfHostKey(blob), type } : null;
}

/** The fingerprint of a public key in the format of RFC 4253, section 6.6. */
export function fingerprintOfHostKey(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key in the format of RFC 4253 starts with. Null if it is damaged. */
export function typeOfHostKey(blob: Buffer): string | null {
  if (blob.length < 4) return null;
  const length = blob.readUInt32BE(0);
  return length > 64 || blob.length <= 4 + length ? null : blob.toString('latin1', 4, 4 + length);
}
