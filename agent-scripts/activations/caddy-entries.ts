import { X509Certificate } from 'node:crypto';
import * as z from 'zod/mini';
import type { ActivationContext } from './activator.ts';

/**
 * Makes a running Caddy load certificate and key through its admin API. Replaces the target's entry in
 * `apps.tls.certificates` and leaves the rest of the configuration unchanged. Contains paths and names only: PEM text is
 * read from the files when it is needed.
 */
export const CaddyCertificates = z.strictObject({
  kind: z.literal('caddyCertificates'),
  address: z.string(),
  loader: z.enum(['load_files', 'load_pem']),
  certPath: z.string(),
  keyPath: z.string(),
  /** For `load_pem`: the tag of the entry. Null: the entry is the one whose leaf covers `name`. */
  tag: z.nullable(z.string()),
  name: z.string(),
});
export type CaddyCertificates = z.infer<typeof CaddyCertificates>;

/** An entry of `load_files` (with paths) or `load_pem` (with PEM text). */
export const Entry = z.looseObject({
  certificate: z.string(),
  key: z.string(),
  tags: z.optional(z.nullable(z.array(z.string()))),
});
export type Entry = z.infer<typeof Entry>;

/** A certificate loader of Caddy (https://caddyserver.com/docs/json/apps/tls/certificates/). */
interface Loader {
  matches(entry: Entry, activation: CaddyCertificates): boolean;
  /** What identifies the entry, for messages. */
  describe(activation: CaddyCertificates): string;
  /**
   * The new entry.
   * @throws Error if a file cannot be read, or if the new entry would no longer match
   */
  next(entry: Entry, activation: CaddyCertificates, readFile: ActivationContext['readFile']): Entry;
  /** Headers with which Caddy loads the entry. */
  readonly headers: Readonly<Record<string, string>>;
  /** What Caddy keeps in memory only, by the path of the file with the same content. */
  texts(entry: Entry, activation: CaddyCertificates): ReadonlyMap<string, string>;
}

export const loaders: Readonly<Record<CaddyCertificates['loader'], Loader>> = {
  load_files: {
    matches: ({ certificate, key }, { certPath, keyPath }) => certificate === certPath && key === keyPath,
    describe: ({ certPath, keyPath }) => `that names ${certPath} and ${keyPath}`,
    next: (entry) => entry,
    // without this header Caddy ignores an unchanged configuration, although the files have changed
    headers: { 'Cache-Control': 'must-revalidate' },
    texts: () => new Map(),
  },
  load_pem: {
    matches: ({ certificate, tags }, { tag, name }) =>
      tag === null ? covers(certificate, name) : (tags ?? []).includes(tag),
    describe: ({ tag, name }) => (tag === null ? `whose leaf covers ${name}` : `with the tag ${tag}`),
    next(entry, { certPath, keyPath, tag, name }, readFile) {
      const certificate = existing(certPath, readFile);
      if (tag === null && !covers(certificate, name)) {
        throw new Error(
          `the leaf in ${certPath} does not cover ${name}; give the entry a tag, and configure that tag for the target`,
        );
      }
      return { ...entry, certificate, key: existing(keyPath, readFile) };
    },
    headers: {},
    texts: ({ certificate, key }, { certPath, keyPath }) =>
      new Map([
        [certPath, certificate],
        [keyPath, key],
      ]),
  },
};

function existing(path: string, readFile: ActivationContext['readFile']): string {
  const text = readFile(path);
  if (text === null) throw new Error(`${path} does not exist`);
  return text;
}

/** Whether the leaf in a PEM text covers a name. False if the text contains no certificate, e.g. a placeholder. */
function covers(pem: string, name: string): boolean {
  try {
    return new X509Certificate(pem).checkHost(name.replace(/^\*\./, 'any-label.')) !== undefined;
  } catch {
    return false;
  }
}
