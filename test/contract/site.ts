import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import type { TargetKind } from '../../core/targets/kinds/kinds.ts';
import type { Need } from '../rigs/require-daemon.ts';

/**
 * A real daemon with its own configuration in a scratch folder, on loopback ports: what the contract of connectors needs.
 * One file per kind in `test/rigs/` creates it.
 */
export interface Site {
  /** The complete `config` of a target of this kind. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The `verify` that reaches this daemon. */
  readonly verify: Readonly<Record<string, unknown>>;
  /** Every file that a deployment may replace. The first one contains the leaf. */
  readonly liveFiles: readonly string[];
  /** The file that contains the key. */
  readonly keyFile: string;
  /** Writes a version's files by hand, as they were before certferry. */
  installByHand(version: IssuedCertificate): void;
  /** Starts the daemon and waits until its port answers. */
  start(): Promise<void>;
  /** Stops it by its process id and waits for its end. A second call does nothing. */
  stop(): Promise<void>;
  /** Whether it could start with the present files: by its own check, or by a start that is stopped again. */
  wouldStart(): boolean;
  /** The leaf that the daemon serves (`sha256:…`), probed by a client other than certferry's own. */
  served(): Promise<string>;
  /**
   * Changes the daemon's configuration so that its own check refuses any staged files, although the bundle is valid.
   * Null if the daemon has no check that opens the files.
   */
  readonly makeCheckRefuse: (() => void) | null;
  /** Configuration with which the first activation fails and the second succeeds. `marker` is a file that counts them. */
  failOnce(marker: string): Readonly<Record<string, unknown>>;
  /** Configuration with which the activation succeeds without effect, so that the daemon still serves the old leaf. */
  readonly ineffectiveReload: Readonly<Record<string, unknown>>;
  /**
   * Configuration for a deployment while the daemon is stopped, so that `start()` finds the files. Default:
   * `{ reloadCommand: ['true'] }`.
   */
  readonly whileStopped?: Readonly<Record<string, unknown>>;
  /** The values of the target's credentials. Default: none. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Reads the live files of a kind without PEM files: the fingerprint of the leaf, and whether the key matches. */
  readonly onDisk?: () => { readonly fingerprint: string; readonly isPair: boolean };
  /** Another valid ownership of the key file, to prove that it is kept. Default: group 33, 0640. */
  readonly otherOwnership?: { readonly gid: number; readonly mode: number };
}

/** The cases of the contract, each one test of every kind. */
export type ContractPromise =
  | 'first'
  | 'renewal'
  | 'unchanged'
  | 'refusal'
  | 'dryRun'
  | 'rehearsal'
  | 'failedActivation'
  | 'ineffectiveReload'
  | 'undo'
  | 'rollback'
  | 'ownership';

/** One kind of daemon, or one mode of a kind, that passes the contract. */
export interface DaemonUnderContract {
  readonly kind: TargetKind;
  /** The name in the matrix, such as `haproxy (runtime)`. */
  readonly title: string;
  readonly needs: readonly Need[];
  /** The version that the daemon reports, for the matrix. */
  version(): string;
  site(folder: string): Promise<Site>;
  /** Cases that do not apply to this kind, each with the reason that the title of the skipped test contains. */
  readonly exceptions?: Readonly<Partial<Record<ContractPromise, string>>>;
  /** How a dry run ends: `validate_unsupported` if the daemon has no check. Default: `validated`. */
  readonly dryRun?: 'validated' | 'validate_unsupported';
}
