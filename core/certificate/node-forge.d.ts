// Modules of node-forge, imported individually to keep the Lambdas small; its published types cover only the whole package.
// Each module adds itself to the object that `forge.js` exports.
declare module 'node-forge/lib/asn1.js';
declare module 'node-forge/lib/rc2.js';

declare module 'node-forge/lib/forge.js' {
  import type { asn1, util } from 'node-forge';

  /** Bytes are strings of characters 0 to 255. `finish` is false when the padding is wrong. */
  interface Cipher {
    start(iv: string): void;
    update(input: util.ByteStringBuffer): void;
    finish(): boolean;
    readonly output: util.ByteStringBuffer;
  }

  const forge: {
    readonly asn1: {
      fromDer(bytes: string): asn1.Asn1;
      toDer(node: asn1.Asn1): util.ByteStringBuffer;
      derToOid(bytes: string): string;
    };
    readonly rc2: {
      /** `bits`: the effective size of the key. */
      createDecryptionCipher(key: string, bits: number): Cipher;
      createEncryptionCipher(key: string, bits: number): Cipher;
    };
    readonly util: {
      createBuffer(bytes: string): util.ByteStringBuffer;
    };
  };
  export default forge;
}
