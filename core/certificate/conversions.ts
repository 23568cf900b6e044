/**
 * The commands that write the same content with an encryption that certferry supports. `pkcs8` encrypts the key again;
 * `-provider` and `-legacy` are options of OpenSSL 3, which needs them for old ciphers.
 */
export const conversions = {
  key: '"openssl pkcs8 -topk8 -provider legacy -provider default -in FILE -out NEW"',
  pkcs12: '"openssl pkcs12 -legacy -in FILE -out PEM", then "openssl pkcs12 -export -in PEM -out NEW"',
} as const;
