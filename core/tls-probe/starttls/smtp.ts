import { type Conversation, type Dialect, notOffered, unexpected } from './conversation.ts';

/** SMTP (RFC 3207): greeting, EHLO, STARTTLS among the extensions, STARTTLS. */
export const smtp: Dialect = async (server) => {
  await expectReply(server, '220');
  // An address literal is valid for a client without a host name (RFC 5321 §4.1.4).
  server.send('EHLO [127.0.0.1]\r\n');
  const extensions = await expectReply(server, '250');
  if (!extensions.some((line) => /^STARTTLS\b/i.test(line))) throw notOffered();
  server.send('STARTTLS\r\n');
  const answer = await reply(server);
  if (answer.code !== '220') throw notOffered(`${answer.code} ${answer.lines.join(' ')}`);
};

async function expectReply(server: Conversation, code: string): Promise<string[]> {
  const answer = await reply(server);
  if (answer.code !== code) throw unexpected('smtp', `${answer.code} ${answer.lines.join(' ')}`);
  return answer.lines;
}

/** A hyphen after the code means that another line follows (RFC 5321 §4.2.1). */
async function reply(server: Conversation): Promise<{ code: string; lines: string[] }> {
  const lines: string[] = [];
  for (;;) {
    const line = await server.line();
    const [, code, mark, text = ''] = /^(\d{3})([ -]?)(.*)$/.exec(line) ?? [];
    if (code === undefined) throw unexpected('smtp', line);
    lines.push(text);
    if (mark !== '-') return { code, lines };
  }
}
