import type { ProbeProtocol } from '../core/targets/kinds/probe-protocol.ts';
import type { DiscoveryHost, RunningProcess } from './host.ts';

/** Where a daemon serves a certificate, and the name that selects it. */
export interface FoundEndpoint {
  /** `host:port`. */
  readonly endpoint: string;
  readonly protocol: ProbeProtocol;
  readonly serverName: string | null;
}

/** One certificate in the configuration of one daemon. */
export interface Installation {
  readonly daemon: string;
  readonly certFile: string;
  /** Null if the key is in `certFile`. */
  readonly keyFile: string | null;
  readonly endpoints: readonly FoundEndpoint[];
  /** Kind and config of a target; null if certferry cannot deploy to it. */
  readonly target: { readonly kind: string; readonly config: Readonly<Record<string, unknown>> } | null;
  readonly notes: readonly string[];
}

/** What the configuration of one daemon contains. */
export interface Reading {
  readonly installations: readonly Installation[];
  /** Sentences about what could not be read. */
  readonly notes: readonly string[];
}

/** A row of the table of daemons. */
export interface Daemon {
  readonly name: string;
  /** Whether a process is the main process of an instance. */
  readonly isMain: (process: RunningProcess) => boolean;
  /** Reads the configuration of that instance. */
  readonly read: (process: RunningProcess, host: DiscoveryHost) => Promise<Reading>;
}

interface Pair {
  readonly daemon: string;
  readonly certPath: string;
  /** Empty, or the same path: the key is in the file of the certificate. */
  readonly keyPath: string;
  readonly endpoints: readonly FoundEndpoint[];
  /** The other fields of the target's config. */
  readonly config: object;
}

/** A certificate and its key in two files, for a target of the daemon's own kind. */
export function pairInstallation({ daemon, certPath, keyPath, endpoints, config }: Pair): Installation {
  const common = { daemon, certFile: certPath, endpoints };
  if (keyPath === '' || keyPath === certPath)
    return { ...common, keyFile: null, target: null, notes: [oneFileNote] };
  const target = { kind: daemon, config: { certPath, keyPath, ...config } };
  return { ...common, keyFile: keyPath, target, notes: [] };
}

const oneFileNote = 'certificate and key are in one file: write the target by hand, with kind files';

/** A reading without installations, with the reason. */
export const unread = (note: string): Reading => ({ installations: [], notes: [note] });

/** The value after an option such as `-c`, in one word or two. */
export function optionOf(argv: readonly string[], ...names: readonly string[]): string | null {
  return optionsOf(argv, ...names)[0] ?? null;
}

/** All values of an option that may be repeated. */
export function optionsOf(argv: readonly string[], ...names: readonly string[]): string[] {
  return argv.flatMap((word, at) => {
    const next = argv[at + 1];
    if (names.includes(word)) return next === undefined ? [] : [next];
    const name = names.find((one) =>
      one.startsWith('--') ? word.startsWith(`${one}=`) : word.startsWith(one) && !word.startsWith('--'),
    );
    return name === undefined ? [] : [word.slice(name.length).replace(/^=/, '')];
  });
}

/** The address of this machine for a socket of all addresses. */
export function reachableAddress(address: string): string {
  const plain = address.replace(/^\[(.*)\]$/, '$1');
  if (plain === '' || plain === '*' || plain === '0.0.0.0') return '127.0.0.1';
  if (plain === '::') return '[::1]';
  return plain.includes(':') ? `[${plain}]` : plain;
}

/** One installation for each file, with the endpoints of all. */
export function mergeInstallations(installations: readonly Installation[]): Installation[] {
  const files = new Map<string, Installation>();
  for (const one of installations) {
    const known = files.get(one.certFile);
    const endpoints = [...(known?.endpoints ?? []), ...one.endpoints];
    const unique = new Map(endpoints.map((end) => [`${end.endpoint} ${end.serverName}`, end]));
    files.set(one.certFile, { ...(known ?? one), endpoints: [...unique.values()] });
  }
  return [...files.values()];
}
