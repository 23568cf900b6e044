// Recognises the form of a file, an object or a field by its content: people have certificates in many forms, and names of
// files do not tell which.
import { CertferryError } from '../errors.ts';
import { labelOfDer } from './der-form.ts';
import type { DerivationBudget } from './derivation-budget.ts';
import { refuseForeignForm } from './foreign-forms.ts';
import { asSubject, inSentence, type Origin } from './origin.ts';
import { type Block, isCertificate, isPrivateKey, looksLikePem, readBlocks } from './pem.ts';
import { readPkcs7 } from './pkcs7.ts';
import { readPkcs12 } from './pkcs12.ts';
import { textOf } from './text-of.ts';

/** A text, or the bytes of a file. A blank text is an absent part; a blank file is an error. */
export type Content = string | Uint8Array;

/** What encrypted content needs. */
export interface Unlocking {
  readonly passphrase: string | undefined;
  readonly budget: DerivationBudget;
}

/**
 * The blocks of content in any form: PEM, DER, PKCS#7, PKCS#12, each also in UTF-16 with a byte order mark or in base64.
 * @throws CertferryError BundleUnreadable, WrongPassphrase
 */
export function readContent(origin: Origin, content: Content, by: Unlocking): Block[] {
  if (typeof content === 'string' && content.trim() === '') return [];
  const bytes = Buffer.concat([typeof content === 'string' ? Buffer.from(content) : content]);
  const text = textOf(bytes);
  if (text.trim() === '') throw empty(origin);
  return formsIn(origin, { bytes, text }, by) ?? fromBase64(origin, text, by);
}

/**
 * Refuses a chain without a certificate and a key file without a key: a file that contributes nothing is the wrong file.
 * @throws CertferryError BundleUnreadable, NoPrivateKey
 */
export function refuseUseless(origin: Origin, blocks: readonly Block[]): void {
  const { field } = origin;
  const labels = [...new Set(blocks.map(({ label }) => label))];
  const found = labels.slice(0, shownLabels).join(', ');
  const contained = found === '' ? '' : `: it contains only ${found}`;
  if (field === 'chain' && !blocks.some(isCertificate)) {
    const message = `There is no certificate in ${inSentence(origin)}${contained}. Provide the intermediates of the leaf there, or omit it.`;
    throw new CertferryError('BundleUnreadable', message, { details: { field } });
  }
  if (field === 'key' && !blocks.some(isPrivateKey)) {
    const message = `There is no private key in ${inSentence(origin)}${contained}. Provide the key of the leaf there, or omit it.`;
    throw new CertferryError('NoPrivateKey', message, { details: { field } });
  }
}

const shownLabels = 5;

interface Decoded {
  readonly bytes: Buffer;
  readonly text: string;
}

/** Null if the content is none of the forms; it may be base64 of one. */
function formsIn(origin: Origin, { bytes, text }: Decoded, by: Unlocking): Block[] | null {
  refuseForeignForm(origin, bytes, text);
  const label = bytes[0] === sequence ? labelOfDer(bytes) : null;
  if (label !== null) return fromDer(origin, { label, der: bytes }, by);
  if (looksLikePem(text)) return readBlocks(origin, text).flatMap((block) => unpacked(block));
  return null;
}

/** The first byte of every form in DER. In a text, it is the digit 0. */
const sequence = 0x30;

function fromDer(origin: Origin, { label, der }: Pick<Block, 'label' | 'der'>, by: Unlocking): Block[] {
  if (label === 'PKCS12') return readPkcs12(der, by, { ...origin, field: 'pkcs12' });
  return unpacked({ origin, label, headers: '', der });
}

const pkcs7Labels = ['PKCS7', 'CMS', 'PKCS #7 SIGNED DATA'];

function unpacked(block: Block): Block[] {
  return pkcs7Labels.includes(block.label) ? readPkcs7(block.origin, block.der) : [block];
}

/** Mail programs, Kubernetes and cloud consoles store files in base64. */
function fromBase64(origin: Origin, text: string, by: Unlocking): Block[] {
  const plain = text.replaceAll(/\s/g, '');
  const bytes = base64.test(plain) ? Buffer.from(plain, 'base64') : null;
  const blocks = bytes && formsIn(origin, { bytes, text: textOf(bytes) }, by);
  if (blocks) return blocks;
  throw unknown(origin, text);
}

const base64 = /^[A-Za-z0-9+/]{40,}={0,2}$/;

function empty(origin: Origin): CertferryError {
  const what = {
    certificate: 'certificate',
    chain: 'certificate',
    key: 'private key',
    pkcs12: 'certificate',
  };
  const message = `There is no ${what[origin.field]} in ${inSentence(origin)}: the file is empty. Write the file again.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: origin.field } });
}

/** Never quotes the content: it may be a key or a passphrase. */
function unknown(origin: Origin, text: string): CertferryError {
  const kind =
    text.startsWith('0') && /[^\t\n\r -~]/.test(text) ? 'damaged DER, or DER of another kind' : 'unknown';
  const message = `${asSubject(origin)} holds no certificate and no key in a form that certferry reads: its form is ${kind}. Use PEM, DER, PKCS#7 or PKCS#12, or base64 of one of them; the whole file from the certificate authority.`;
  return new CertferryError('BundleUnreadable', message, { details: { field: origin.field } });
}
