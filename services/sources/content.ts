// What a secret, an object or a parameter may hold: JSON with PEM fields or with a PKCS#12 file, PEM, a PKCS#12 file.
// `docs/sources.md` tells people; nothing here quotes what it found, because that holds the key.
import * as z from 'zod/mini';
import type { BundleInput } from '../../core/certificate/read-bundle.ts';
import { CertferryError, type ErrorDetails } from '../../core/errors.ts';

/** Where content was found: `name` begins a message, `details` go with the error. */
export interface SourceLabel {
  readonly name: string;
  readonly details: ErrorDetails;
}

/** Base64 in JSON around the largest bundle that is taken, and some fields of a rotation function's own. */
export const maximumContentBytes = 128 * 1024;

/** Whoever writes JSON by a program writes null for what there is not. */
const perhaps = z.optional(z.nullable(z.string()));

/** On one line or on many: tools break it after 64 or 76 characters. */
const Base64 = z.pipe(z.pipe(z.string(), z.transform(withoutSpace)), z.base64());

const JsonContent = z.union([
  z.object({ certificate: z.string(), chain: perhaps, privateKey: z.string(), passphrase: perhaps }),
  z.object({ pkcs12: Base64, passphrase: perhaps }),
]);

function withoutSpace(text: string): string {
  return text.replaceAll(/\s/g, '');
}

/**
 * Content as the input of `readBundle`. Bytes are taken for PKCS#12 when they begin as ASN.1 does, everything else for
 * text: JSON if it begins with a brace, else PEM.
 * @throws CertferryError BundleUnreadable when it is none of these, BundleTooLarge
 */
export function bundleInputOf(content: string | Uint8Array, where: SourceLabel): BundleInput {
  const bytes = typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
  if (bytes > maximumContentBytes) throw tooLarge(bytes, where);
  const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
  if (/^[\s\uFEFF]*\{/.test(text)) return fromJson(text, where);
  if (text.includes('-----BEGIN ')) return { certificate: text };
  if (typeof content === 'string') throw ofNoForm(where);
  // UTF-16, as Windows tools write it, is told from PKCS#12 by its byte order mark
  return content[0] === 0x30 ? { pkcs12: content } : { certificate: content };
}

/** @throws CertferryError BundleTooLarge, always */
export function tooLarge(bytes: number, { name, details }: SourceLabel): CertferryError {
  const message = `${name} has ${bytes} bytes; at most ${maximumContentBytes} are read. It has to hold one leaf, its intermediates and its key.`;
  return new CertferryError('BundleTooLarge', message, { details: { ...details, bytes } });
}

function fromJson(text: string, where: SourceLabel): BundleInput {
  const parsed = JsonContent.safeParse(parseJson(text));
  if (!parsed.success) throw ofNoForm(where);
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

function ofNoForm({ name, details }: SourceLabel): CertferryError {
  const message = `${name} is neither PEM, nor a PKCS#12 file, nor JSON of the form {certificate, chain?, privateKey, passphrase?} or {pkcs12, passphrase?}`;
  return new CertferryError('BundleUnreadable', message, { details });
}
