import * as z from 'zod/mini';

/** SHA-256 of a certificate's DER, as `sha256:` and 64 lower-case hex digits. */
export const Fingerprint = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));
export type Fingerprint = z.infer<typeof Fingerprint>;

export const KeyAlgorithm = z.enum(['rsa', 'ec', 'ed25519', 'ml-dsa']);
export type KeyAlgorithm = z.infer<typeof KeyAlgorithm>;

/**
 * The facts of a version without its bytes: enough to recognise it in a handshake. `chain` lists the fingerprints of the
 * intermediates from the leaf upwards; `notAfter` is epoch seconds.
 */
export const VersionFacts = z.strictObject({
  fingerprint: Fingerprint,
  chain: z.array(Fingerprint),
  keyAlgorithm: KeyAlgorithm,
  notAfter: z.number(),
});
export type VersionFacts = z.infer<typeof VersionFacts>;

/**
 * The bytes of a version, parsed and ordered: PEM blocks with LF line ends, each ending with a newline.
 * `chain` holds the intermediates from the leaf upwards without the root; `key` is unencrypted PKCS#8.
 */
export const Bundle = z.strictObject({
  leaf: z.string(),
  chain: z.array(z.string()),
  key: z.string(),
});
export type Bundle = z.infer<typeof Bundle>;
