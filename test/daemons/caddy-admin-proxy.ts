import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** What happens to a change on its way: it goes on (perhaps after something), or ends in this answer. */
export type Interference = (change: {
  readonly count: number;
}) => { readonly status: number; readonly body: string } | null | Promise<null>;

/**
 * Something between the agent and Caddy's admin API that interferes with changes. All else, and what Caddy says, goes
 * through as it is, the ETag in its trailer included.
 */
export function adminProxy(port: number, adminPort: number, interfere: Interference): Server {
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing);
  });
  return server.listen(port, '127.0.0.1');

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const answer = incoming.method === 'PATCH' ? await interfere({ count: ++count }) : null;
    if (answer !== null) outgoing.writeHead(answer.status).end(answer.body);
    else await passOn(incoming, body, outgoing);
  }

  async function passOn(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<void> {
    const { method, url, headers } = incoming;
    const origin = `127.0.0.1:${adminPort}`;
    const sent = request({
      host: '127.0.0.1',
      port: adminPort,
      method,
      path: url,
      headers: { ...headers, host: origin, origin: `http://${origin}` },
      agent: false,
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const answer = await bytesOf(response);
    outgoing.writeHead(response.statusCode ?? 0, { 'Content-Type': 'application/json', Trailer: 'ETag' });
    outgoing.write(answer);
    if (response.trailers.etag !== undefined) outgoing.addTrailers({ ETag: response.trailers.etag });
    outgoing.end();
  }
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
