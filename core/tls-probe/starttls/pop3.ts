import { type Conversation, type Dialect, notOffered, unexpected } from './conversation.ts';

/** POP3 (RFC 2595 §4): greeting, CAPA, STLS. A server without CAPA (RFC 2449) still gets STLS. */
export const pop3: Dialect = async (server) => {
  const greeting = await server.line();
  if (!greeting.startsWith('+OK')) throw unexpected('pop3', greeting);
  const capabilities = await capa(server);
  if (capabilities !== null && !capabilities.some((line) => /^STLS\b/i.test(line))) throw notOffered();
  server.send('STLS\r\n');
  const answer = await server.line();
  if (!answer.startsWith('+OK')) throw notOffered(answer);
};

/** The capabilities, up to the line with the single dot; null if the server does not know CAPA. */
async function capa(server: Conversation): Promise<string[] | null> {
  server.send('CAPA\r\n');
  const answer = await server.line();
  if (answer.startsWith('-ERR')) return null;
  if (!answer.startsWith('+OK')) throw unexpected('pop3', answer);
  const lines: string[] = [];
  for (let line = await server.line(); line !== '.'; line = await server.line()) lines.push(line);
  return lines;
}
