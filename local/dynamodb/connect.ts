import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programs } from '../artefacts.ts';
import type { StateFolder } from '../state-folder.ts';
import { type Address, readAddress } from './address.ts';
import { hold } from './hold.ts';

export interface DatabaseConnection {
  /** Stays the same when the server behind it is started anew. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** LevelDB replays its log before it serves; a busy machine takes its time over that. */
const startDeadlineMilliseconds = 30_000;

/**
 * Connects to the state folder's database, starting its server if there is none. Calls go through a port of this
 * process, so that clients need not know when the server was lost and started anew: their connections break, and the
 * SDK's own retry finds the next server. Throws when none can be started.
 */
export async function connectDatabase(folder: StateFolder): Promise<DatabaseConnection> {
  const link = new Link(folder);
  await link.address();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    void forward(socket, link);
  });
  const port = await listen(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        link.release();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function forward(socket: Socket, link: Link): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const { port } = await link.address();
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
    upstream.on('error', () => socket.destroy());
    upstream.once('close', () => socket.destroy());
    socket.once('close', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  } catch {
    socket.destroy();
  }
}

/** This process's hold on the server; made again when it is lost and next needed. */
class Link {
  readonly #folder: StateFolder;
  #held: Promise<Address> | null = null;
  #socket: Socket | null = null;
  #released = false;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  address(): Promise<Address> {
    this.#held ??= this.#hold();
    return this.#held;
  }

  release(): void {
    this.#released = true;
    this.#socket?.destroy();
  }

  async #hold(): Promise<Address> {
    try {
      const { address, socket } = await findOrStart(this.#folder);
      this.#socket = socket;
      socket.unref();
      socket.once('close', () => {
        this.#held = null;
      });
      if (this.#released) socket.destroy();
      return address;
    } catch (error) {
      this.#held = null;
      throw error;
    }
  }
}

async function findOrStart(folder: StateFolder): Promise<{ address: Address; socket: Socket }> {
  const deadline = Date.now() + startDeadlineMilliseconds;
  let child: ChildProcess | null = null;
  while (Date.now() < deadline) {
    const address = readAddress(folder.databaseAddress);
    const socket = address === null ? null : await hold(address.holdPort, folder.token);
    if (address !== null && socket !== null) return { address, socket };
    if (child?.exitCode) throw failedToStart(folder, `ended with exit code ${child.exitCode}`);
    // a loser of the race ends with 0, also when the winner is a server that is about to end
    if (child === null || child.exitCode === 0 || child.signalCode !== null) child = start(folder);
    await sleep(30);
  }
  throw failedToStart(folder, `did not answer within ${startDeadlineMilliseconds / 1000} s`);
}

function failedToStart(folder: StateFolder, how: string): Error {
  return new Error(`the database of ${folder.path} cannot be used: its server ${how}; see ${logOf(folder)}`);
}

const logOf = (folder: StateFolder) => join(folder.logs, 'dynamodb.log');

/** In a session of its own: it serves other certferry processes too, and outlives this one's terminal. */
function start(folder: StateFolder): ChildProcess {
  const log = openSync(logOf(folder), 'a', 0o600);
  const child = spawn(process.execPath, [programs.serve, folder.path], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  return child;
}
