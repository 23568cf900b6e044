/** How to reach an API server, and how to authenticate. Secret. */
export interface ApiAccess {
  /** An https address without a slash at its end. */
  readonly server: string;
  /** The CA of the server in PEM. Null: the public CAs. */
  readonly ca: string | null;
  /** The name that the certificate of the server must have. Null: the host in `server`. */
  readonly serverName: string | null;
  readonly token: string | null;
  readonly client: { readonly certificate: string; readonly key: string } | null;
}
