import { X509Certificate } from 'node:crypto';
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { daysUntil, describeKey, nameLine } from '../core/certificate/describe.ts';
import { epochSeconds, fingerprintOf, namesOf } from '../core/certificate/facts.ts';
import type { DiscoveryHost } from './host.ts';

/** The leaf of a file, or the problem. Times are epoch seconds. */
export interface FileFacts {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly key: string;
  readonly notAfter: number;
  /** Whole days until it expires; negative after that. */
  readonly daysLeft: number;
  readonly fingerprint: string;
  /** Where the symbolic link leads; null for a file. */
  readonly linksTo: string | null;
  /** The user, other than root, who owns the folder of the file. */
  readonly folderOwner: string | null;
}

const firstCertificate =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/;

/** The facts of the first certificate of a PEM file, or a sentence about the problem. Keys in the file are not kept. */
export function readCertificateFile(path: string, host: DiscoveryHost, now: Date): FileFacts | string {
  const text = host.readText(path);
  if (text === null) return 'the file cannot be read';
  const [pem] = firstCertificate.exec(text) ?? [];
  if (pem === undefined) return 'the file has no PEM certificate';
  try {
    const leaf = new X509Certificate(pem);
    const notAfter = epochSeconds(leaf.validTo);
    return {
      names: namesOf(leaf),
      issuer: nameLine(leaf.issuer),
      key: describeKey(leaf.publicKey),
      notAfter,
      daysLeft: daysUntil(notAfter, now),
      fingerprint: fingerprintOf(leaf),
      linksTo: lstatSync(path).isSymbolicLink() ? realpathSync(path) : null,
      folderOwner: ownerOf(dirname(realpathSync(path)), host),
    };
  } catch {
    return 'the certificate in the file cannot be read';
  }
}

function ownerOf(folder: string, host: DiscoveryHost): string | null {
  const { uid } = statSync(folder);
  if (uid === 0) return null;
  const users = (host.readText('/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
  return users.find((fields) => Number(fields[2]) === uid)?.[0] ?? String(uid);
}
