// The Unix sockets of one process. A folder of its own protects them: only the owner of the state folder may enter it.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Agent } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { identify } from '../base/process-identity.ts';

/** The sockets of this process. */
export interface Sockets {
  /** The access key id that its endpoints ask for. It is new for each process, and ends with it. */
  readonly token: string;
  /** The path of a socket, for the record of an execution. */
  pathOf(name: string): string;
  /** Removes the folder. */
  close(): void;
}

/**
 * Creates the folder of this process in a state folder, and removes those of processes that ended. Several processes may
 * do so at the same time.
 */
export function openSockets(stateFolder: string): Sockets {
  const all = join(stateFolder, 'sockets');
  mkdirSync(all, { recursive: true, mode: 0o700 });
  removeAbandoned(all);
  const folder = mkdtempSync(join(all, `${process.pid}-${identify(process.pid).startedAt ?? 'unknown'}-`));
  const token = randomBytes(24).toString('base64url');
  writeFileSync(join(folder, tokenFile), token, { mode: 0o600 });
  return {
    token,
    pathOf: (name) => join(folder, name),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const tokenFile = 'token';

/** The token of the process that owns a socket; null if the process has ended. */
export function tokenBeside(socket: string): string | null {
  try {
    return readFileSync(join(dirname(socket), tokenFile), 'utf8');
  } catch {
    return null;
  }
}

/** A path of a socket for `listen` or `connect`, valid until `close`. */
export interface ReachablePath {
  readonly path: string;
  close(): void;
}

/** Linux: 108 bytes with the final zero (unix(7)); macOS: 104. */
const maximumPathBytes = process.platform === 'linux' ? 107 : 103;

/**
 * The path of a socket as the kernel takes it. A longer path is replaced by one through a descriptor of its folder, which
 * all threads of this process can use.
 */
export function reachablePath(socket: string): ReachablePath {
  if (Buffer.byteLength(socket) <= maximumPathBytes) return { path: socket, close: () => {} };
  const folder = openSync(dirname(socket), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${folder}/${basename(socket)}`, close: () => closeSync(folder) };
}

/** Connects every request to a socket, whatever its URL is. `socketPath` is an option of `net.connect`, which the agent calls. */
export function socketAgent(socketPath: string): Agent {
  const options = { socketPath, keepAlive: true };
  return new Agent(options);
}

function removeAbandoned(all: string): void {
  for (const name of readdirSync(all)) {
    const [, pid, startedAt] = /^(\d+)-(\w+)-/.exec(name) ?? [];
    const lives = pid !== undefined && (identify(Number(pid)).startedAt ?? 'unknown') === startedAt;
    if (!lives) rmSync(join(all, name), { recursive: true, force: true });
  }
}
