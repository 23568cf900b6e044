import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';

/**
 * Makes a running Caddy take the pair of files through its admin API: the one entry of `apps.tls.certificates` that is the
 * target's is replaced, the rest of the configuration stays as it is. Only paths and names: PEM text is read from the
 * files when it is needed.
 */
export const CaddyCertificates = z.strictObject({
  kind: z.literal('caddyCertificates'),
  address: z.string(),
  loader: z.enum(['load_files', 'load_pem']),
  certPath: z.string(),
  keyPath: z.string(),
  /** Of `load_pem`: the entry with this tag, or (null) the one whose leaf covers `name`. */
  tag: z.nullable(z.string()),
  name: z.string(),
});
export type CaddyCertificates = z.infer<typeof CaddyCertificates>;

/** An entry of `load_files` (paths) or `load_pem` (PEM text); both have these fields. */
export const Entry = z.looseObject({
  certificate: z.string(),
  key: z.string(),
  tags: z.optional(z.nullable(z.array(z.string()))),
});
export type Entry = z.infer<typeof Entry>;

/** One way of giving Caddy a certificate (https://caddyserver.com/docs/json/apps/tls/certificates/). */
interface Loader {
  isTheEntry(entry: Entry, activation: CaddyCertificates): boolean;
  /** How the entry is known, for a person. */
  called(activation: CaddyCertificates): string;
  /**
   * The entry as it has to be now.
   * @throws Error when the files cannot be read, or are such that the entry would not be found again
   */
  next(entry: Entry, activation: CaddyCertificates): Entry;
  /** What makes Caddy load it. */
  readonly headers: Readonly<Record<string, string>>;
  /** What Caddy holds besides the files, by the path of the file that says the same. */
  texts(entry: Entry, activation: CaddyCertificates): ReadonlyMap<string, string>;
}

export const loaders: Readonly<Record<CaddyCertificates['loader'], Loader>> = {
  load_files: {
    isTheEntry: ({ certificate, key }, { certPath, keyPath }) => certificate === certPath && key === keyPath,
    called: ({ certPath, keyPath }) => `that names ${certPath} and ${keyPath}`,
    next: (entry) => entry,
    // files are not watched, and a change that changes nothing is a no-op without this
    headers: { 'Cache-Control': 'must-revalidate' },
    texts: () => new Map(),
  },
  load_pem: {
    isTheEntry: ({ certificate, tags }, { tag, name }) =>
      tag === null ? covers(certificate, name) : (tags ?? []).includes(tag),
    called: ({ tag, name }) => (tag === null ? `whose leaf covers ${name}` : `with the tag ${tag}`),
    next(entry, { certPath, keyPath, tag, name }) {
      const certificate = readFileSync(certPath, 'utf8');
      if (tag === null && !covers(certificate, name)) {
        throw new Error(`the leaf in ${certPath} does not cover ${name}; give the entry a tag and name that`);
      }
      return { ...entry, certificate, key: readFileSync(keyPath, 'utf8') };
    },
    headers: {},
    texts: ({ certificate, key }, { certPath, keyPath }) =>
      new Map([
        [certPath, certificate],
        [keyPath, key],
      ]),
  },
};

/** Whether a PEM text's leaf is valid for a name; text that is no certificate (a placeholder of Caddy's) covers nothing. */
function covers(pem: string, name: string): boolean {
  try {
    return new X509Certificate(pem).checkHost(name.replace(/^\*\./, 'any-label.')) !== undefined;
  } catch {
    return false;
  }
}
