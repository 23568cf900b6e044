import type { AnyStoreConnector } from '../../../agent-scripts/stores/stores.ts';
import type { CredentialValues } from '../../../core/deployment/job.ts';
import type { Bundle } from '../../../core/deployment/version.ts';
import type { Need } from '../../rigs/require-daemon.ts';

/** A store that a test has started, with the target of one certificate in it. */
export interface StoreSite {
  readonly connector: AnyStoreConnector;
  /** The `config` of the target, as in a targets file. */
  readonly config: object;
  readonly credentials: CredentialValues;
  /** Another program installs a version, also the first one. */
  install(bundle: Bundle): Promise<void>;
  /**
   * The version that the store uses, with its key. Null if it has none. Throws if it is half: a key that belongs to
   * another leaf, or another chain.
   */
  installed(): Promise<Bundle | null>;
  /** The names of everything in the store that could be left over: objects, uploads, copies, temporary files. */
  objects(): Promise<readonly string[]>;
  /** How many requests have reached the store so far, and how many of them changed it. */
  requests(): { readonly all: number; readonly changing: number };
  /** The service fails each request from this one on, counted from now. Null: it works again. */
  failFrom(request: number | null): void;
  /** Can be called twice. */
  close(): Promise<void>;
}

/** The promises of the contract. A kind may name an exception with its reason. */
export type StorePromise = keyof typeof import('./store-proofs.ts').proofs;

/** One kind of store under the contract. */
export interface StoreUnderContract {
  /** The kind, with a word about the variant in brackets. */
  readonly title: string;
  readonly kind: string;
  /** The program or server that the tests use, with its version, for the matrix of `docs/targets/README.md`. */
  tested(): string;
  readonly needs?: readonly Need[];
  /** `previous`: bundles of which a source still has the key. The site adds none by itself. */
  start(previous: ReadonlyMap<string, Bundle>): Promise<StoreSite>;
  /** Whether the store can have no certificate at first. Default: true. */
  readonly startsEmpty?: boolean;
  /** Whether the service can check a version without installing it. */
  readonly dryRun: 'validated' | 'validate_unsupported';
  readonly exceptions?: Partial<Readonly<Record<StorePromise, string>>>;
}
