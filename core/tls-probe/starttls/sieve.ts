import { type Conversation, type Dialect, notOffered, unexpected } from './conversation.ts';

/** ManageSieve (RFC 5804 §1.7, §2.2): the greeting lists the capabilities, which must include STARTTLS; then STARTTLS. */
export const sieve: Dialect = async (server) => {
  const greeting = await response(server);
  if (!/^OK\b/i.test(greeting.status)) throw unexpected('sieve', greeting.status);
  if (!greeting.lines.some((line) => /^"STARTTLS"/i.test(line))) throw notOffered();
  server.send('STARTTLS\r\n');
  const { status } = await response(server);
  if (!/^OK\b/i.test(status)) throw notOffered(status);
};

/** A response ends with a line of OK, NO or BYE; the lines before it are quoted strings. */
async function response(server: Conversation): Promise<{ lines: string[]; status: string }> {
  const lines: string[] = [];
  for (;;) {
    const line = await server.line();
    if (/^(OK|NO|BYE)\b/i.test(line)) return { lines, status: line };
    if (!line.startsWith('"')) throw unexpected('sieve', line);
    lines.push(line);
  }
}
