import { type Conversation, type Dialect, notOffered, unexpected } from './conversation.ts';

/** IMAP (RFC 9051 §6.2.1): greeting, CAPABILITY, STARTTLS. After a PREAUTH greeting STARTTLS is not allowed. */
export const imap: Dialect = async (server) => {
  const greeting = await server.line();
  if (/^\* PREAUTH\b/i.test(greeting)) throw notOffered(greeting);
  if (!/^\* OK\b/i.test(greeting)) throw unexpected('imap', greeting);
  const capabilities = await ask(server, 'a1', 'CAPABILITY');
  if (!/^OK\b/i.test(capabilities.status)) throw unexpected('imap', capabilities.status);
  const offered = capabilities.untagged.some((line) => /^\* CAPABILITY\b.*\bSTARTTLS\b/i.test(line));
  if (!offered) throw notOffered();
  const { status } = await ask(server, 'a2', 'STARTTLS');
  if (!/^OK\b/i.test(status)) throw notOffered(status);
};

async function ask(server: Conversation, tag: string, command: string) {
  server.send(`${tag} ${command}\r\n`);
  const untagged: string[] = [];
  for (;;) {
    const line = await server.line();
    if (line.startsWith(`${tag} `)) return { untagged, status: line.slice(tag.length + 1) };
    if (!line.startsWith('* ')) throw unexpected('imap', line);
    untagged.push(line);
  }
}
