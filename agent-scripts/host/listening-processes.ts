import { type ListeningSocket, listeningSockets } from './listening-sockets.ts';
import { hasCommandOfParent, heldSockets, type Process, programOf, runningProcesses } from './processes.ts';

/** A program that accepts connections: one process of its tree. */
export interface ListeningProgram {
  readonly pid: number;
  readonly program: string;
}

/** Processes of one daemon: they share a listening socket, or are workers of one master. */
interface Tree {
  readonly keys: ReadonlySet<string>;
  readonly processes: readonly Process[];
}

/**
 * The programs that accept connections on the same address and port of this host, which the option SO_REUSEPORT permits. The
 * kernel distributes new connections among them (socket(7)). Empty unless there are several, or if this user may not read
 * the open files of other users' processes.
 */
export function programsSharingPort(port: number): ListeningProgram[] {
  const shared = sharedSockets(listeningSockets(port));
  if (shared.length === 0) return [];
  const names = new Set(shared.map(({ name }) => name));
  const trees = runningProcesses().reduce<readonly Tree[]>((found, process) => {
    const sockets = heldSockets(process.pid, names);
    return sockets.length === 0 ? found : withProcess(found, process, sockets);
  }, []);
  const socketsOf = ({ keys }: Tree) => shared.filter(({ name }) => keys.has(name));
  return trees
    .filter((tree) =>
      trees.some((other) => other !== tree && haveSharedAddress(socketsOf(tree), socketsOf(other))),
    )
    .map(programOfTree);
}

/** Sockets beside which another one accepts connections to the same address. */
function sharedSockets(sockets: readonly ListeningSocket[]): ListeningSocket[] {
  return sockets.filter((socket) =>
    haveSharedAddress(
      [socket],
      sockets.filter(({ name }) => name !== socket.name),
    ),
  );
}

function haveSharedAddress(some: readonly ListeningSocket[], others: readonly ListeningSocket[]): boolean {
  return some.some((one) =>
    others.some(
      (other) =>
        one.family === other.family &&
        (one.address === other.address || isWildcard(one) || isWildcard(other)),
    ),
  );
}

const isWildcard = ({ address }: ListeningSocket) => /^0+$/.test(address);

/** The trees with one more process, which joins every tree that it belongs to. */
function withProcess(trees: readonly Tree[], process: Process, sockets: readonly string[]): readonly Tree[] {
  const keys = [
    ...sockets,
    `process ${process.pid}`,
    ...(hasCommandOfParent(process) ? [`process ${process.parent}`] : []),
  ];
  const joined = trees.filter((tree) => keys.some((key) => tree.keys.has(key)));
  const others = trees.filter((tree) => !joined.includes(tree));
  return [
    ...others,
    {
      keys: new Set([...joined.flatMap((tree) => [...tree.keys]), ...keys]),
      processes: [...joined.flatMap((tree) => tree.processes), process],
    },
  ];
}

/** The first process of the tree: its master. Process 1 is an init system that opened the socket for the daemon. */
function programOfTree({ processes }: Tree): ListeningProgram {
  const daemons = processes.filter(({ pid }) => pid !== 1);
  const pid = Math.min(...(daemons.length > 0 ? daemons : processes).map((process) => process.pid));
  return { pid, program: programOf(pid) };
}
