/**
 * Servers on loopback with the plain-text part of a STARTTLS dialect as in its RFC, followed by real TLS.
 * `misbehaviour` is the fault of a server:
 *
 * | silent    | accepts the connection and sends nothing |
 * | withdrawn | supports the dialect, does not offer STARTTLS |
 * | refusing  | offers STARTTLS and then refuses it |
 * | eager     | accepts STARTTLS and continues in plain text in the same packet |
 * | foreign   | sends a response that is invalid in the dialect |
 * | closing   | closes the connection instead of its first response |
 * | hanging   | accepts STARTTLS and then sends nothing |
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';

/** Without mysql, which begins TLS without a refusable request (see mysql.test.ts). */
export const starttlsProtocols = ['smtp', 'imap', 'pop3', 'sieve', 'postgres', 'ldap'] as const;
export type StarttlsProtocol = (typeof starttlsProtocols)[number];

export const misbehaviours = [
  'silent',
  'withdrawn',
  'refusing',
  'eager',
  'foreign',
  'closing',
  'hanging',
] as const;
export type Misbehaviour = (typeof misbehaviours)[number];

export interface StarttlsServer {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** The greeting of a server, and its response to each request. `upgrade` begins TLS after the response. */
interface Dialogue {
  readonly greeting?: string;
  readonly answer: (request: Buffer) => { say: string | Buffer; upgrade?: boolean };
}

type DialogueOf = (offers: boolean, agrees: boolean) => Dialogue;

const smtp: DialogueOf = (offers, agrees) => ({
  greeting: '220-mail.example.test ESMTP\r\n220 be patient\r\n',
  answer: (request) => {
    if (/^EHLO /i.test(String(request))) {
      return {
        say: `250-mail.example.test\r\n250-PIPELINING\r\n${offers ? '250-STARTTLS\r\n' : ''}250 8BITMIME\r\n`,
      };
    }
    if (/^STARTTLS\r\n$/i.test(String(request))) {
      return agrees ? { say: '220 go ahead\r\n', upgrade: true } : { say: '454 TLS not available\r\n' };
    }
    return { say: '500 what?\r\n' };
  },
});

const imap: DialogueOf = (offers, agrees) => ({
  greeting: '* OK [CAPABILITY IMAP4rev1] ready\r\n',
  answer: (request) => {
    const [tag = '', command = ''] = String(request).trim().split(' ');
    if (command === 'CAPABILITY') {
      return {
        say: `* CAPABILITY IMAP4rev1${offers ? ' STARTTLS' : ''} LOGINDISABLED\r\n${tag} OK done\r\n`,
      };
    }
    if (command !== 'STARTTLS') return { say: `${tag} BAD what?\r\n` };
    return agrees ? { say: `${tag} OK begin\r\n`, upgrade: true } : { say: `${tag} NO not now\r\n` };
  },
});

const pop3: DialogueOf = (offers, agrees) => ({
  greeting: '+OK ready\r\n',
  answer: (request) => {
    const command = String(request).trim();
    if (command === 'CAPA') return { say: `+OK list\r\nTOP\r\n${offers ? 'STLS\r\n' : ''}UIDL\r\n.\r\n` };
    if (command !== 'STLS') return { say: '-ERR what?\r\n' };
    return agrees ? { say: '+OK begin\r\n', upgrade: true } : { say: '-ERR not now\r\n' };
  },
});

const sieve: DialogueOf = (offers, agrees) => ({
  greeting: `"IMPLEMENTATION" "test"\r\n${offers ? '"STARTTLS"\r\n' : ''}"VERSION" "1.0"\r\nOK "ready"\r\n`,
  answer: (request) => {
    if (String(request) !== 'STARTTLS\r\n') return { say: 'NO "what?"\r\n' };
    return agrees ? { say: 'OK "begin"\r\n', upgrade: true } : { say: 'NO (TRYLATER) "not now"\r\n' };
  },
});

const postgres: DialogueOf = (offers, agrees) => ({
  answer: (request) => {
    const asksForTls = request.equals(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    if (!asksForTls) return { say: 'E' };
    return offers && agrees ? { say: 'S', upgrade: true } : { say: 'N' };
  },
});

/** ExtendedResponse { resultCode, matchedDN "", diagnosticMessage "" }, with a long-form length as some servers send. */
function ldapResult(code: number): Buffer {
  return Buffer.from([0x30, 0x81, 12, 2, 1, 1, 0x78, 7, 10, 1, code, 4, 0, 4, 0]);
}

const ldap: DialogueOf = (offers, agrees) => ({
  answer: (request) => {
    if (!request.includes('1.3.6.1.4.1.1466.20037')) return { say: ldapResult(1) };
    return offers && agrees ? { say: ldapResult(0), upgrade: true } : { say: ldapResult(offers ? 52 : 2) };
  },
});

const dialogues: Readonly<Record<StarttlsProtocol, DialogueOf>> = { smtp, imap, pop3, sieve, postgres, ldap };

/** Starts one on a free port of 127.0.0.1. */
export async function startStarttlsServer(
  protocol: StarttlsProtocol,
  tls: SecureContextOptions,
  misbehaviour?: Misbehaviour,
): Promise<StarttlsServer> {
  const dialogue = dialogues[protocol](misbehaviour !== 'withdrawn', misbehaviour !== 'refusing');
  const secureContext = createSecureContext(tls);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    converse(socket, dialogue, misbehaviour, () => {
      new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {}).resume();
    });
  });
  return listening(server, sockets);
}

function converse(
  socket: Socket,
  dialogue: Dialogue,
  misbehaviour: Misbehaviour | undefined,
  upgrade: () => void,
): void {
  if (misbehaviour === 'silent') return void socket.resume();
  if (misbehaviour === 'foreign') socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  else if (misbehaviour === 'closing') socket.end();
  else if (dialogue.greeting !== undefined) socket.write(dialogue.greeting);
  const listen = (request: Buffer) => {
    if (misbehaviour === 'foreign' || misbehaviour === 'closing') return;
    const answer = dialogue.answer(request);
    const extra = misbehaviour === 'eager' && answer.upgrade ? '250 injected\r\n' : '';
    socket.write(Buffer.concat([Buffer.from(answer.say), Buffer.from(extra)]));
    if (!answer.upgrade) return;
    socket.off('data', listen);
    if (misbehaviour === 'hanging') socket.resume();
    else upgrade();
  };
  socket.on('data', listen);
}

async function listening(server: Server, sockets: Set<Socket>): Promise<StarttlsServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    open: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
