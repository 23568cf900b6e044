// Files that people have and certferry does not read, with the command that converts each.
import { CertferryError } from '../errors.ts';
import { asSubject, type Origin } from './origin.ts';

interface ForeignForm {
  /** Continues "The field … is". */
  readonly name: string;
  readonly matches: (bytes: Uint8Array, text: string) => boolean;
  readonly advice: string;
}

const begins =
  (...start: readonly number[]) =>
  (bytes: Uint8Array): boolean =>
    start.every((byte, index) => bytes[index] === byte);

const contains =
  (pattern: RegExp) =>
  (_: Uint8Array, text: string): boolean =>
    pattern.test(text);

const foreignForms: readonly ForeignForm[] = [
  {
    name: 'a Java keystore (JKS)',
    matches: begins(0xfe, 0xed, 0xfe, 0xed),
    advice:
      'Convert it with "keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12".',
  },
  {
    name: 'a Java keystore (JCEKS)',
    matches: begins(0xce, 0xce, 0xce, 0xce),
    advice:
      'Convert it with "keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore NEW.p12 -deststoretype PKCS12".',
  },
  {
    name: 'a private key of Microsoft (PVK)',
    matches: begins(0x1e, 0xf1, 0xb5, 0xb0),
    advice: 'Convert it with "openssl rsa -inform PVK -in FILE -out NEW".',
  },
  {
    name: 'a key of PuTTY',
    matches: contains(/^\s*PuTTY-User-Key-File-/),
    advice:
      'Convert it with "puttygen FILE -O private-openssh -o COPY", then "ssh-keygen -p -m PKCS8 -f COPY".',
  },
  {
    name: 'a key of SSH.com',
    matches: contains(/---- BEGIN SSH2 /),
    advice:
      'Convert it with "puttygen FILE -O private-openssh -o COPY", then "ssh-keygen -p -m PKCS8 -f COPY".',
  },
  {
    name: 'a public key of SSH',
    matches: contains(/^\s*(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d+) /),
    advice: 'Use the private key of the certificate request.',
  },
  {
    name: 'a file of OpenPGP, which no TLS server reads',
    matches: contains(/-----BEGIN PGP /),
    advice: 'If it is encrypted, decrypt it with "gpg --output NEW --decrypt FILE".',
  },
  {
    name: 'a ZIP archive',
    matches: begins(0x50, 0x4b, 3, 4),
    advice: 'Unpack it, and name the files in it.',
  },
  {
    name: 'a compressed file (gzip)',
    matches: begins(0x1f, 0x8b),
    advice: 'Unpack it with "gzip -d", and name the file in it.',
  },
  {
    name: 'JSON',
    matches: contains(/^\s*\{/),
    advice:
      'certferry reads JSON from sources in AWS only. Write its fields to files, e.g. with "jq -r .certificate FILE".',
  },
  {
    name: 'a web page',
    matches: contains(/^\s*<(?:!doctype html|html)/i),
    advice: 'The download has failed or needs a login. Download the certificate again.',
  },
];

/**
 * Refuses a file of another program by its first bytes.
 * @throws CertferryError BundleUnreadable with the command that converts the file
 */
export function refuseForeignForm(origin: Origin, bytes: Uint8Array, text: string): void {
  const form = foreignForms.find(({ matches }) => matches(bytes, text));
  if (form === undefined) return;
  const message = `${asSubject(origin)} is ${form.name}. ${form.advice}`;
  throw new CertferryError('BundleUnreadable', message, { details: { field: origin.field } });
}
