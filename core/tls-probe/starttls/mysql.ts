import { type Conversation, type Dialect, notOffered, unexpected } from './conversation.ts';

/** https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html */
const capability = { protocol41: 0x200, ssl: 0x800, secureConnection: 0x8000 } as const;

/** The greeting of every server since MySQL 3.21 and MariaDB 5.1. */
const protocolVersion = 10;
/** First byte of an error packet, e.g. for a blocked host or too many connections. */
const errorMark = 0xff;
/** Far above any greeting, which has the version of the server, twenty bytes of numbers and the name of a plugin. */
const maximumGreetingBytes = 1024;

/**
 * MySQL and MariaDB: the server sends its capabilities, the client answers with an SSLRequest (a truncated login packet).
 * The client then starts TLS at once, without waiting for an answer. The probe does not log in.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_ssl_request.html
 */
export const mysql: Dialect = async (server) => {
  const greeting = await packet(server);
  if (greeting[0] === errorMark) throw unexpected('mysql', greeting.toString('latin1', 3));
  if (greeting[0] !== protocolVersion) throw unexpected('mysql', greeting.toString('latin1'));
  if ((capabilitiesOf(greeting) & capability.ssl) === 0) throw notOffered();
  server.send(sslRequest());
};

/** Three bytes of length, lowest first, and one of sequence, which begins at 0. */
async function packet(server: Conversation): Promise<Buffer> {
  const head = await server.bytes(4);
  const length = head.readUIntLE(0, 3);
  if (head[3] !== 0 || length > maximumGreetingBytes) throw unexpected('mysql', head.toString('latin1'));
  return await server.bytes(length);
}

/** The lower two capability bytes with the TLS flag: after version (ends with 0), thread id, 8 bytes of salt, 0. */
function capabilitiesOf(greeting: Buffer): number {
  const at = greeting.indexOf(0) + 1 + 4 + 8 + 1;
  if (at + 2 > greeting.length) throw unexpected('mysql', greeting.toString('latin1'));
  return greeting.readUInt16LE(at);
}

/** Capabilities, largest packet (16 MiB), character set (45: utf8mb4), 23 reserved bytes. */
function sslRequest(): Buffer {
  const request = Buffer.alloc(4 + 32);
  request.writeUIntLE(32, 0, 3);
  request.writeUInt8(1, 3);
  request.writeUInt32LE(capability.protocol41 | capability.ssl | capability.secureConnection, 4);
  request.writeUInt32LE(0x1000000, 8);
  request.writeUInt8(45, 12);
  return request;
}
