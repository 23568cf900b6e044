// The formats of a secret, an object or a parameter: JSON with fields, or the content of one file in any form
// (`docs/sources.md`). No error quotes the content, because it contains the key.
import type { BundleInput } from '../../core/certificate/read-bundle.ts';
import { CertferryError } from '../../core/errors.ts';
import { bundleInputOfFields } from './json-fields.ts';
import type { SourceLabel } from './source-label.ts';

/** The largest accepted bundle as base64 in JSON, with some additional fields of a rotation function. */
export const maximumContentBytes = 128 * 1024;

/**
 * The content as input of `readBundle`. Text that begins with a brace is JSON. Any other content is a file in one of the forms of
 * `core/certificate/read-content.ts`.
 * @throws CertferryError BundleUnreadable for another format, BundleTooLarge
 */
export function bundleInputOf(content: string | Uint8Array, where: SourceLabel): BundleInput {
  const bytes = typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
  if (bytes > maximumContentBytes) throw tooLarge(bytes, where);
  const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
  if (text.trim() === '') throw unknownFormat(where);
  if (!/^[\s\uFEFF]*\{/.test(text)) return { certificate: content, names: { certificate: 'content' } };
  const input = bundleInputOfFields(parseJson(text), where);
  if (input === null) throw unknownFormat(where);
  return input;
}

/** The error BundleTooLarge for content of this size. */
export function tooLarge(bytes: number, { name, details }: SourceLabel): CertferryError {
  const message = `${name} has ${bytes} bytes; the maximum is ${maximumContentBytes}. Store only one leaf, its intermediates and its key.`;
  return new CertferryError('BundleTooLarge', message, { details: { ...details, bytes } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll('\uFEFF', ''));
  } catch {
    return undefined;
  }
}

function unknownFormat({ name, details }: SourceLabel): CertferryError {
  const message = `${name} is neither a certificate file (PEM, DER, PKCS#12) nor JSON of the form {certificate, chain?, privateKey, passphrase?} or {pkcs12, passphrase?}. The field names of ACM, Kubernetes and Vault are accepted as well.`;
  return new CertferryError('BundleUnreadable', message, { details });
}
