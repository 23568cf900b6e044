import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Forwards TCP connections to a port of this machine. It can end a connection after a number of bytes from the client, and
 * keeps what the server has received.
 */
export interface CuttingProxy {
  readonly port: number;
  /** Ends each next connection when the server has received this many bytes of it. Null: never. */
  cutAfter(bytes: number | null): void;
  /** Ends only the next connection. */
  cutOnce(bytes: number): void;
  /** From this message of a client on, counted from now, ends every connection. Null: forwards again. */
  failFrom(message: number | null): void;
  /** How many messages the clients have sent. */
  messages(): number;
  /** The number of bytes that the server had received after each message of the last connection. */
  boundaries(): readonly number[];
  /** All bytes that the server has received. */
  received(): Buffer;
  stop(): Promise<void>;
}

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  let always: number | null = null;
  let once: number | null = null;
  let messages = 0;
  let failing: number | null = null;
  const fails = (): boolean => failing !== null && messages >= failing;
  let boundaries: number[] = [];
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    if (fails()) {
      client.destroy();
      return;
    }
    let sent = 0;
    const limit = once ?? always;
    once = null;
    boundaries = [];
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk: Buffer) => {
      messages += 1;
      if (fails()) {
        client.destroy();
        upstream.destroy();
        return;
      }
      const rest = limit === null ? chunk.length : Math.min(chunk.length, limit - sent);
      const passed = chunk.subarray(0, Math.max(0, rest));
      sent += passed.length;
      boundaries.push(sent);
      received.push(passed);
      if (limit === null || sent < limit) {
        upstream.write(passed);
        return;
      }
      // the server still performs what it has received
      upstream.end(passed);
      client.destroy();
    });
    client.on('end', () => upstream.end());
    upstream.pipe(client);
  });
  await listening(server);
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter(bytes) {
      always = bytes;
    },
    cutOnce(bytes) {
      once = bytes;
    },
    failFrom(message) {
      failing = message === null ? null : messages + message;
    },
    messages: () => messages,
    boundaries: () => boundaries,
    received: () => Buffer.concat(received),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
