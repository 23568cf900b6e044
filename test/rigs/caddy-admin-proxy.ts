import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/**
 * What the proxy does with the n-th change. Null: forward it. A response: return it instead of Caddy's. `silence`: forward
 * the change, but withhold Caddy's response.
 */
export type Interference = (count: number) => ProxyResponse | Promise<ProxyResponse>;
type ProxyResponse = { readonly status: number; readonly body: string } | 'silence' | null;

/**
 * A proxy between the agent and Caddy's admin API that interferes with changes. It forwards all other requests, and
 * responses unchanged, including the ETag in the trailer.
 */
export function adminProxy(port: number, adminPort: number, interfere: Interference): Server {
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  return server.listen(port, '127.0.0.1');

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bytesOf(incoming);
    const answer = incoming.method === 'PATCH' ? await interfere(++count) : null;
    if (answer !== null && answer !== 'silence') outgoing.writeHead(answer.status).end(answer.body);
    else await passOn(incoming, body, answer === null ? outgoing : null);
  }

  async function passOn(
    incoming: IncomingMessage,
    body: Buffer,
    outgoing: ServerResponse | null,
  ): Promise<void> {
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
    if (outgoing === null) return;
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
