import type { Socket } from 'node:net';
import { probeError } from '../../probe-failure.ts';

/** What a STARTTLS dialect sees of a connection that is still in clear. */
export interface Conversation {
  send(text: string | Uint8Array): void;
  /** The next line without its line end. */
  line(): Promise<string>;
  /** Exactly so many bytes. */
  bytes(count: number): Promise<Buffer>;
}

/** A dialect asks the server to begin TLS, and returns when the next byte on the wire belongs to TLS. Throws ProbeFailed. */
export type Dialect = (server: Conversation) => Promise<void>;

/** Far above any greeting or capability list; a server that talks on is not one of the dialect. */
const maximumClearBytes = 64 * 1024;

/** Holds a dialect's conversation over a connected socket, then leaves the socket to TLS. */
export async function converse(socket: Socket, dialect: Dialect): Promise<void> {
  const reader = readerOf(socket);
  try {
    await dialect({
      send: (text) => socket.write(text),
      line: async () => (await reader.take(lineEnd)).toString('utf8').replace(/\r?\n$/, ''),
      bytes: (count) => reader.take((buffer) => (buffer.length >= count ? count : null)),
    });
    // Bytes already here would be read as if they had come under TLS (the STARTTLS injection of CVE-2011-0411).
    if (reader.leftOver() > 0) throw probeError('it went on in clear after agreeing to STARTTLS');
  } finally {
    reader.stop();
  }
}

function lineEnd(buffer: Buffer): number | null {
  const at = buffer.indexOf(0x0a);
  return at === -1 ? null : at + 1;
}

/** Says how many bytes to take from what has come so far, or null to wait for more. */
type Measure = (buffer: Buffer) => number | null;

function readerOf(socket: Socket) {
  let buffer = Buffer.alloc(0);
  let ended: Error | null = null;
  let wake = () => {};
  const onData = (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    wake();
  };
  const onEnd = (cause?: unknown) => {
    ended ??= cause instanceof Error ? cause : probeError('it closed the connection before TLS could begin');
    wake();
  };
  socket.on('data', onData).on('error', onEnd).on('end', onEnd).on('close', onEnd);

  async function take(measure: Measure): Promise<Buffer> {
    for (;;) {
      const count = measure(buffer);
      if (count !== null) return cut(count);
      if (ended !== null) throw ended;
      if (buffer.length > maximumClearBytes) throw probeError('it does not speak this protocol');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  function cut(count: number): Buffer {
    const taken = buffer.subarray(0, count);
    buffer = buffer.subarray(count);
    return taken;
  }

  function stop(): void {
    socket.off('data', onData).off('error', onEnd).off('end', onEnd).off('close', onEnd);
  }

  return { take, stop, leftOver: () => buffer.length };
}

/** The failure that matters most: mail or queries would now travel in clear. */
export function notOffered(detail?: string) {
  return probeError(`STARTTLS is not offered${detail === undefined ? '' : ` (${quoted(detail)})`}`);
}

/** The server answered, but not as this protocol does. */
export function unexpected(protocol: string, answer: string) {
  return probeError(`it does not answer as ${protocol} does: ${quoted(answer)}`);
}

/** A server's own words, made harmless for a log and a terminal. */
function quoted(answer: string): string {
  const printable = answer.replace(/[^\x20-\x7e]/g, '?');
  return JSON.stringify(printable.length > 80 ? `${printable.slice(0, 80)}…` : printable);
}
