// The formats of a secret, an object or a parameter: JSON with PEM fields or a PKCS#12 file, PEM, or a PKCS#12 file
// (`docs/sources.md`). No error quotes the content, because it contains the key.
import * as z from 'zod/mini';
import type { BundleInput } from '../../core/certificate/read-bundle.ts';
import { CertferryError, type ErrorDetails } from '../../core/errors.ts';

/** A source in an error: `name` begins the message, `details` go with the error. */
export interface SourceLabel {
  readonly name: string;
  readonly details: ErrorDetails;
}

/** The largest accepted bundle as base64 in JSON, with some additional fields of a rotation function. */
export const maximumContentBytes = 128 * 1024;

/** Programs write null for a missing field. */
const optionalText = z.optional(z.nullable(z.string()));

/** On one or several lines: tools wrap it after 64 or 76 characters. */
const Base64 = z.pipe(z.pipe(z.string(), z.transform(withoutSpace)), z.base64());

const JsonContent = z.union([
  z.object({
    certificate: z.string(),
    chain: optionalText,
    privateKey: z.string(),
    passphrase: optionalText,
  }),
  z.object({ pkcs12: Base64, passphrase: optionalText }),
]);

function withoutSpace(text: string): string {
  return text.replaceAll(/\s/g, '');
}

/**
 * The content as input of `readBundle`. Bytes that begin like ASN.1 are PKCS#12. Any other content is text: JSON if it begins with a
 * brace, otherwise PEM.
 * @throws CertferryError BundleUnreadable for another format, BundleTooLarge
 */
export function bundleInputOf(content: string | Uint8Array, where: SourceLabel): BundleInput {
  const bytes = typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
  if (bytes > maximumContentBytes) throw tooLarge(bytes, where);
  const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
  if (/^[\s\uFEFF]*\{/.test(text)) return fromJson(text, where);
  if (text.includes('-----BEGIN ')) return { certificate: text };
  if (typeof content === 'string') throw unknownFormat(where);
  // UTF-16, as Windows tools write it, begins with a byte order mark and not with 0x30
  return content[0] === 0x30 ? { pkcs12: content } : { certificate: content };
}

/** The error BundleTooLarge for content of this size. */
export function tooLarge(bytes: number, { name, details }: SourceLabel): CertferryError {
  const message = `${name} has ${bytes} bytes; the maximum is ${maximumContentBytes}. Store only one leaf, its intermediates and its key.`;
  return new CertferryError('BundleTooLarge', message, { details: { ...details, bytes } });
}

function fromJson(text: string, where: SourceLabel): BundleInput {
  const parsed = JsonContent.safeParse(parseJson(text));
  if (!parsed.success) throw unknownFormat(where);
  const { data } = parsed;
  const secret = data.passphrase == null ? {} : { passphrase: data.passphrase };
  if ('pkcs12' in data) return { pkcs12: Buffer.from(data.pkcs12, 'base64'), ...secret };
  const { certificate, chain, privateKey } = data;
  return { certificate, key: privateKey, ...(chain != null && { chain }), ...secret };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll('\uFEFF', ''));
  } catch {
    return undefined;
  }
}

function unknownFormat({ name, details }: SourceLabel): CertferryError {
  const message = `${name} is neither PEM, nor a PKCS#12 file, nor JSON of the form {certificate, chain?, privateKey, passphrase?} or {pkcs12, passphrase?}`;
  return new CertferryError('BundleUnreadable', message, { details });
}
