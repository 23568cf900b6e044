/** A running process, as /proc describes it. */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  /** The path of its executable file. */
  readonly program: string;
  readonly argv: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly environment: Readonly<Record<string, string>>;
  /** The systemd unit that started it. */
  readonly unit: string | null;
  /** It has another file system than this process, as in a container: its paths have another meaning here. */
  readonly isContained: boolean;
}

/** A TCP socket that accepts connections, and the processes that have it open. */
export interface Listener {
  /** An address that this machine can connect to: loopback for a socket of all addresses. */
  readonly address: string;
  readonly port: number;
  readonly pids: readonly number[];
}

/** The output of a program, or why there is none. */
export type Output = { readonly text: string } | { readonly problem: string };

/** What discovery may do on a host. All of it only reads. */
export interface DiscoveryHost {
  processes(): readonly RunningProcess[];
  listeners(): readonly Listener[];
  /** Runs argv with environment and privileges of the process, so that another user's configuration gains none. */
  run(argv: readonly string[], as: RunningProcess): Promise<Output>;
  /** Null if the file cannot be read or is not a regular file. */
  readText(path: string): string | null;
  /** The paths in a folder, sorted. Empty if it is not a folder. */
  list(folder: string): readonly string[];
}
