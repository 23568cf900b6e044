import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

/**
 * PEM blocks of the files now in place, one behind the other; null when there is no certificate file. A payload of the
 * Runtime API ends at its first empty line, so none is left.
 */
export function readInstalledPem(pemPath: string, keyPath: string | null): string | null {
  if (!existsSync(pemPath)) return null;
  const texts = [pemPath, ...(keyPath === null ? [] : [keyPath])].map((path) => readFileSync(path, 'utf8'));
  const blocks = texts.join('\n').match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g) ?? [];
  return `${blocks.join('\n').replaceAll(/\r?\n\s*/g, '\n')}\n`;
}

/** Whether the answer to `show ssl cert <name>` shows a certificate at all. */
export function showsCertificate(shown: string): boolean {
  return shownFingerprint(shown) !== null;
}

/** Whether that answer shows the leaf that the PEM begins with. @throws Error when there is no certificate in it */
export function showsLeafOf(pem: string, shown: string): boolean {
  return shownFingerprint(shown) === new X509Certificate(pem).fingerprint.replaceAll(':', '');
}

/** Whether it shows the same chain too, told by names; where they look different, the answer is no. */
export function showsChainOf(pem: string, shown: string): boolean {
  const names = shown.match(/(?<=^Chain (?:Subject|Issuer): ).*$/gm) ?? [];
  return names.join('\n') === chainNames(pem).join('\n');
}

/** haproxy shows the SHA-1 of a leaf. */
function shownFingerprint(shown: string): string | null {
  return /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(shown)?.[1] ?? null;
}

/** As `X509_NAME_oneline` of OpenSSL writes them, which is what haproxy shows. */
function chainNames(pem: string): string[] {
  const [, ...chain] = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return chain
    .map((text) => new X509Certificate(text))
    .flatMap(({ subject, issuer }) => [subject, issuer])
    .map((name) => `/${name.replaceAll('\n', '/')}`);
}
