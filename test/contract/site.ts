import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import type { TargetKind } from '../../core/targets/kinds/kinds.ts';
import type { Need } from '../rigs/require-daemon.ts';

/**
 * A real daemon with a configuration of its own below a scratch folder, on ports of loopback: what the contract of
 * connectors needs to know of it. One file a kind in `test/rigs/` makes one.
 */
export interface Site {
  /** The whole `config` of a target of this kind. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The `verify` that reaches this very daemon. */
  readonly verify: Readonly<Record<string, unknown>>;
  /** Every file that a deployment may replace. The first one holds the leaf. */
  readonly liveFiles: readonly string[];
  /** The file that holds the key. */
  readonly keyFile: string;
  /** Writes a version's files by hand, as they were before certferry. */
  place(version: IssuedCertificate): void;
  /** Starts the daemon and waits until its port answers. */
  start(): Promise<void>;
  /** Ends it (by its own process id) and waits until it is gone. May be called twice. */
  stop(): Promise<void>;
  /** Whether it would start on the files as they are now: its own check, or a start that is undone. */
  wouldStart(): boolean;
  /** Leaf that the daemon serves now, `sha256:…`, seen by a client that is not certferry's own probe. */
  served(): Promise<string>;
  /**
   * Changes the daemon's configuration so that its own check refuses any next candidate although the bundle is sound.
   * Null where the daemon has no check that opens the files.
   */
  readonly makeCheckRefuse: (() => void) | null;
  /** Config changes that make the first activation fail and the second succeed; `marker` is a file to remember it by. */
  failOnce(marker: string): Readonly<Record<string, unknown>>;
  /** Config changes under which activation says yes and nothing happens, so the daemon goes on serving the old leaf. */
  readonly deaf: Readonly<Record<string, unknown>>;
  /**
   * Config changes for a deployment while the daemon is not running, after which `start()` finds its files. Left out:
   * `{ reloadCommand: ['true'] }`.
   */
  readonly whileStopped?: Readonly<Record<string, unknown>>;
  /** Owner and mode that the key file may have besides its usual ones, so that it is seen that they are kept. Left out: group 33, 0640. */
  readonly otherOwnership?: { readonly gid: number; readonly mode: number };
}

/** What the contract promises of every kind; each is one test of `connector.ts`. */
export type ContractPromise =
  | 'first'
  | 'renewal'
  | 'unchanged'
  | 'refusal'
  | 'dryRun'
  | 'rehearsal'
  | 'failedActivation'
  | 'deaf'
  | 'undo'
  | 'rollback'
  | 'ownership';

/** One kind (or one mode of a kind) of daemon under the contract. */
export interface DaemonUnderContract {
  readonly kind: TargetKind;
  /** As the matrix names it, such as `haproxy (runtime)`. */
  readonly title: string;
  readonly needs: readonly Need[];
  /** The daemon's own words about its version, for the matrix. */
  version(): string;
  site(folder: string): Promise<Site>;
  /** Promises that this kind legitimately cannot keep, each with its reason, which is told in the title of the skipped test. */
  readonly cannot?: Readonly<Partial<Record<ContractPromise, string>>>;
  /** How a dry run ends: `validate_unsupported` where the daemon has no check. Left out: `validated`. */
  readonly dryRun?: 'validated' | 'validate_unsupported';
}
