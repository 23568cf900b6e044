// Not simulated: request checks and filters of AWS, throttling over time, pages chosen by AWS.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request of AWS's Query protocol: `Action` and its parameters, flat (`Filter.1.Value.2`). */
export type Query = Readonly<Record<string, string>>;

/** The response: the XML inside its outermost element; null or an error code is a refusal. */
type Answers = (query: Query) => string | null | { readonly refuse: string; readonly saying: string };

export interface QueryService {
  readonly endpoint: string;
  readonly requests: Query[];
  close(): Promise<void>;
}

/** One AWS service with the real Query protocol, as EC2, Auto Scaling and SNS use it. */
export async function queryService(answers: Answers): Promise<QueryService> {
  const requests: Query[] = [];
  const server = createServer((request, response) => {
    void read(request).then((query) => {
      requests.push(query);
      const answer = answers(query);
      const isRefusal = typeof answer !== 'string';
      response.writeHead(isRefusal ? 400 : 200, { 'content-type': 'text/xml' });
      response.end(
        isRefusal
          ? refusal(answer ?? { refuse: 'AuthorizationError', saying: 'no' })
          : `<${query.Action}Response>${answer}</${query.Action}Response>`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const refusal = ({ refuse, saying }: { refuse: string; saying: string }) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${refuse}</Code><Message>${saying}</Message></Error></ErrorResponse>`;

async function read(request: IncomingMessage): Promise<Query> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return Object.fromEntries(new URLSearchParams(body));
}

/** All parameters whose names begin so, in their order: the values of a list. */
export function listed(query: Query, prefix: string): string[] {
  return Object.entries(query).flatMap(([name, value]) => (name.startsWith(prefix) ? [value] : []));
}
