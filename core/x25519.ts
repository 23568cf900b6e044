import { generateKeyPairSync } from 'node:crypto';

/**
 * Whether the crypto library of this process has X25519. In FIPS mode, OpenSSL refuses keys and TLS groups of this curve
 * (NIST SP 800-56A Rev. 3, appendix D).
 */
export function supportsX25519(): boolean {
  try {
    generateKeyPairSync('x25519');
    return true;
  } catch {
    return false;
  }
}
