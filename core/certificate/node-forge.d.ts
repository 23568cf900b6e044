// Modules of node-forge, imported individually to keep the Lambdas small; its published types cover only the whole package.
// Each module adds itself to the object that `forge.js` exports.
declare module 'node-forge/lib/asn1.js';
declare module 'node-forge/lib/pbe.js';
declare module 'node-forge/lib/sha1.js';
declare module 'node-forge/lib/sha256.js';
declare module 'node-forge/lib/sha512.js';

declare module 'node-forge/lib/forge.js' {
  import type { asn1, md, util } from 'node-forge';

  /** Bytes are strings of characters 0 to 255. `finish` is false when the padding is wrong. */
  interface Decipher {
    update(input: util.ByteStringBuffer): void;
    finish(): boolean;
    readonly output: util.ByteStringBuffer;
  }

  const forge: {
    readonly asn1: {
      fromDer(bytes: string): asn1.Asn1;
      toDer(node: asn1.Asn1): util.ByteStringBuffer;
      derToOid(bytes: string): string;
      derToInteger(bytes: string): number;
    };
    readonly md: Readonly<Record<string, { create(): md.MessageDigest }>>;
    readonly pki: { readonly oids: Readonly<Record<string, string>> };
    readonly pbe: {
      getCipher(oid: string, params: asn1.Asn1, password: string): Decipher;
      generatePkcs12Key(
        password: string,
        salt: util.ByteStringBuffer,
        purpose: 1 | 2 | 3,
        iterations: number,
        bytes: number,
        digest: md.MessageDigest,
      ): util.ByteStringBuffer;
    };
    readonly util: {
      createBuffer(bytes: string): util.ByteStringBuffer;
      encodeUtf8(text: string): string;
    };
  };
  export default forge;
}
