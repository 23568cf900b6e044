import { X509Certificate } from 'node:crypto';
import type { ActivationContext } from './activator.ts';

/**
 * The PEM blocks of the installed files, concatenated. Null if the certificate file does not exist. Contains no empty
 * line, because an empty line ends a payload of the Runtime API.
 */
export function readInstalledPem(
  { pemPath, keyPath }: { pemPath: string; keyPath: string | null },
  readFile: ActivationContext['readFile'],
): string | null {
  const pem = readFile(pemPath);
  if (pem === null) return null;
  const texts = keyPath === null ? [pem] : [pem, readFile(keyPath) ?? ''];
  const blocks = texts.join('\n').match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g) ?? [];
  return `${blocks.join('\n').replaceAll(/\r?\n\s*/g, '\n')}\n`;
}

/** Whether the output of `show ssl cert <name>` contains a certificate. */
export function showsCertificate(shown: string): boolean {
  return shownFingerprint(shown) !== null;
}

/** Whether that output shows the first certificate of the PEM text. @throws Error if the PEM text has no certificate */
export function showsLeafOf(pem: string, shown: string): boolean {
  return shownFingerprint(shown) === new X509Certificate(pem).fingerprint.replaceAll(':', '');
}

/** Whether that output shows the same chain, compared by subject and issuer names. */
export function showsChainOf(pem: string, shown: string): boolean {
  const names = shown.match(/(?<=^Chain (?:Subject|Issuer): ).*$/gm) ?? [];
  return names.join('\n') === chainNames(pem).join('\n');
}

/** haproxy shows the SHA-1 fingerprint of a leaf. */
function shownFingerprint(shown: string): string | null {
  return /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(shown)?.[1] ?? null;
}

/** Names in the format of OpenSSL's `X509_NAME_oneline`, as haproxy shows them. */
function chainNames(pem: string): string[] {
  const [, ...chain] = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return chain
    .map((text) => new X509Certificate(text))
    .flatMap(({ subject, issuer }) => [subject, issuer])
    .map((name) => `/${name.replaceAll('\n', '/')}`);
}
