// Who still needs the database's server: each client keeps one connection open to it, which the kernel closes when the
// client dies, however it dies. Before anything else the server proves that it knows the folder's token, because after
// a crash another user's program may have got its old port.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const host = '127.0.0.1';
const nonceLength = 32;

const proof = (token: string, nonce: string) => createHmac('sha256', token).update(nonce).digest('hex');

export interface HoldServer {
  readonly port: number;
  close(): void;
}

/** Counts the connections and calls `onCount` when their number has changed. */
export async function startHoldServer(token: string, onCount: (count: number) => void): Promise<HoldServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    onCount(sockets.size);
    socket.on('error', () => undefined);
    socket.once('data', (nonce: Buffer) => socket.write(proof(token, nonce.toString('utf8'))));
    socket.once('close', () => {
      sockets.delete(socket);
      onCount(sockets.size);
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Connects and checks the server's proof; null when nobody, or somebody else, answers there. */
export async function hold(port: number, token: string): Promise<Socket | null> {
  const socket = connect({ port, host });
  try {
    await once(socket, 'connect');
    const nonce = randomBytes(nonceLength).toString('hex');
    socket.write(nonce);
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(5000) })) as [Buffer];
    if (isProof(answer, proof(token, nonce))) return socket.on('error', () => undefined);
  } catch {
    // refused, reset or silent: not the server
  }
  socket.destroy();
  return null;
}

function isProof(given: Buffer, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
}
