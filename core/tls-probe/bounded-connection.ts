import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { probeError } from '../probe-failure.ts';

/**
 * The maximum of bytes that a probe reads from one connection: STARTTLS, handshake and everything after it. OpenSSL accepts
 * certificates of 100 KiB and a list of certificate authorities of the same size; STARTTLS may take 64 KiB.
 */
export const maximumConnectionKib = 256;

/** A connection that ends with an error when the server has sent too much. */
export interface BoundedConnection {
  readonly stream: Duplex;
  /** Rejects with ProbeFailed when the server has sent too much. It never resolves. */
  readonly exceeded: Promise<never>;
}

/**
 * Reads a connected socket through a stream that counts. The TLS socket of Node would read a plain socket in native code,
 * where bytes cannot be counted.
 */
export function boundConnection(socket: Socket): BoundedConnection {
  let received = 0;
  let reject: (error: Error) => void = () => {};
  const exceeded = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  exceeded.catch(() => {}); // the probe may have ended before
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket
    .on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > maximumConnectionKib * 1024) {
        const error = probeError(`the server sent more than ${maximumConnectionKib} KiB in one connection`);
        reject(error);
        stream.destroy(error);
      } else if (!stream.push(chunk)) socket.pause();
    })
    .on('end', () => void stream.push(null))
    .on('error', (error) => void stream.destroy(error))
    .on('close', () => void stream.destroy());
  stream.on('error', () => {}); // each stage has its own listener; this one catches errors between two stages
  return { stream, exceeded };
}
