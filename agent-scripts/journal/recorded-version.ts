import type { VersionFacts } from '../../core/deployment/version.ts';
import type { CertificateInFile } from '../connectors/desired-change.ts';
import { digestOf } from '../host/digest.ts';
import type { Receipt } from './receipt.ts';

/**
 * The version in a file that only a credential can open, by the digest that a receipt has of it. Null: no receipt has this
 * digest, because another program has changed the file.
 */
export function recordedVersion(receipts: readonly Receipt[], digest: string): VersionFacts | null {
  for (const { change } of receipts) {
    for (const file of change?.files ?? []) {
      if (file.digest === digest) return change?.version ?? null;
      if (file.previous?.digest === digest) return change?.previousVersion ?? null;
    }
  }
  return null;
}

/** Reads a file by its digest. */
export function recordedCertificateIn(receipts: readonly Receipt[]): (bytes: Buffer) => CertificateInFile {
  return (bytes) => ({ version: recordedVersion(receipts, digestOf(bytes)), pem: null, keys: [] });
}
