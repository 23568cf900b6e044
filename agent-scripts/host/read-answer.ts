import type { Readable } from 'node:stream';

/** The body of an answer as text. @throws Error if it has more than this number of bytes; the connection is then closed */
export async function readAnswer(answer: Readable, maximumBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maximumBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
