import type { Duplex } from 'node:stream';
import { probeError } from '../../probe-failure.ts';

/** The connection before TLS, as a STARTTLS dialect uses it. */
export interface Conversation {
  send(text: string | Uint8Array): void;
  /** The next line without its line end. */
  line(): Promise<string>;
  /** Exactly this many bytes. */
  bytes(count: number): Promise<Buffer>;
}

/** Asks the server to start TLS and returns when the next byte on the wire belongs to TLS. Throws ProbeFailed. */
export type Dialect = (server: Conversation) => Promise<void>;

/** The maximum of the whole conversation. Greeting and capabilities of real servers together have less than 4 KiB. */
const maximumClearKib = 64;

/**
 * Runs a dialect on a connection; TLS can start afterwards. Ends with an error when the server has sent too much in total,
 * however short its lines are.
 */
export async function converse(socket: Duplex, dialect: Dialect): Promise<void> {
  const reader = readerOf(socket);
  try {
    await dialect({
      send: (text) => socket.write(text),
      line: async () => (await reader.take(lineEnd)).toString('utf8').replace(/\r?\n$/, ''),
      bytes: (count) => reader.take((buffer) => (buffer.length >= count ? count : null)),
    });
    // Bytes received before TLS would be read as if they had come under TLS (STARTTLS injection, CVE-2011-0411).
    if (reader.leftOver() > 0) throw probeError('the server sent plain text after it agreed to STARTTLS');
  } finally {
    reader.stop();
  }
}

function lineEnd(buffer: Buffer): number | null {
  const at = buffer.indexOf(0x0a);
  return at === -1 ? null : at + 1;
}

/** Returns how many of the received bytes to take, or null to wait for more. */
type Measure = (buffer: Buffer) => number | null;

function readerOf(socket: Duplex) {
  let buffer = Buffer.alloc(0);
  let received = 0;
  let ended: Error | null = null;
  let wake = () => {};
  const onData = (chunk: Buffer) => {
    received += chunk.length;
    buffer = Buffer.concat([buffer, chunk]);
    if (received > maximumClearKib * 1024) {
      socket.pause();
      buffer = Buffer.alloc(0); // whole lines in it would keep the dialect busy
      ended = probeError(`the server sent more than ${maximumClearKib} KiB before TLS started`);
    }
    wake();
  };
  const onEnd = (cause?: unknown) => {
    ended ??=
      cause instanceof Error ? cause : probeError('the server closed the connection before TLS started');
    wake();
  };
  socket.on('data', onData).on('error', onEnd).on('end', onEnd).on('close', onEnd);

  async function take(measure: Measure): Promise<Buffer> {
    for (;;) {
      const count = measure(buffer);
      if (count !== null) return cut(count);
      if (ended !== null) throw ended;
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

/** Without STARTTLS, mail or queries would be sent unencrypted. */
export function notOffered(detail?: string) {
  return probeError(`STARTTLS is not offered${detail === undefined ? '' : ` (${quoted(detail)})`}`);
}

/** The answer does not match the protocol. */
export function unexpected(protocol: string, answer: string) {
  return probeError(`the answer is not ${protocol}: ${quoted(answer)}`);
}

/** The text of a server, made safe for logs and terminals. */
function quoted(answer: string): string {
  const printable = answer.replace(/[^\x20-\x7e]/g, '?');
  return JSON.stringify(printable.length > 80 ? `${printable.slice(0, 80)}…` : printable);
}
