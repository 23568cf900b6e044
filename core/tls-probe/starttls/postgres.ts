import { type Dialect, notOffered, unexpected } from './conversation.ts';

/** SSLRequest: its own length, then 80877103 (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const sslRequest = Buffer.from('0000000804d2162f', 'hex');

/** PostgreSQL: SSLRequest, answered with one byte: S (start TLS) or N. */
export const postgres: Dialect = async (server) => {
  server.send(sslRequest);
  const answer = (await server.bytes(1)).toString('latin1');
  if (answer === 'N') throw notOffered();
  if (answer !== 'S') throw unexpected('postgres', answer);
};
