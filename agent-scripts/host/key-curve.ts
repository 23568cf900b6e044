import { existsSync, readFileSync } from 'node:fs';
import { curveOf, type HostKeyCurve, type HostPrivateKey } from '../../core/seal/host-key.ts';
import { supportsX25519 } from '../../core/x25519.ts';

/** Contains 1 if the kernel was started in FIPS mode (Linux, crypto/fips.c). */
const kernelFlag = '/proc/sys/crypto/fips_enabled';

/** The curve of the next key of this host: P-256 if the kernel or the crypto library is in FIPS mode, otherwise X25519. */
export function nextKeyCurve(flag = kernelFlag): HostKeyCurve {
  const isFipsKernel = existsSync(flag) && readFileSync(flag, 'utf8').trim() === '1';
  return isFipsKernel || !supportsX25519() ? 'P-256' : 'X25519';
}

/**
 * Whether the crypto library of this host can open a job that is sealed to the key. A bundled runtime can use an X25519 key
 * also if the kernel is in FIPS mode: then the next job rotates it.
 */
export function isUsable(key: HostPrivateKey): boolean {
  return curveOf(key) === 'P-256' || supportsX25519();
}
