import { type Dialect, notOffered, unexpected } from './conversation.ts';

const startTlsOid = '1.3.6.1.4.1.1466.20037';

/** LDAPMessage { messageID 1, ExtendedRequest { requestName } } in BER (RFC 4511 §4.12, §4.14). */
const startTls = Buffer.concat([
  Buffer.from('301d02010177188016', 'hex'),
  Buffer.from(startTlsOid, 'latin1'),
]);

/** LDAP: one extended request, whose answer carries a result code; 0 is success. */
export const ldap: Dialect = async (server) => {
  server.send(startTls);
  const message = await element(server.bytes);
  const inside = within(message);
  const id = await element(inside);
  const response = await element(inside);
  const code = await element(within(response));
  if (message.tag !== 0x30 || id.tag !== 0x02 || response.tag !== 0x78 || code.tag !== 0x0a) {
    throw unexpected('ldap', message.body.toString('latin1'));
  }
  const result = code.body[0] ?? -1;
  if (result !== 0) throw notOffered(`LDAP result ${result}`);
};

interface Element {
  readonly tag: number;
  readonly body: Buffer;
}

type Take = (count: number) => Promise<Buffer>;

/** Reads one BER element; LDAP allows definite lengths only (RFC 4511 §5.1). */
async function element(take: Take): Promise<Element> {
  const [tag = 0, first = 0] = await take(2);
  const lengthBytes = first < 0x80 ? Buffer.of(first) : await take(first & 0x7f);
  if (lengthBytes.length < 1 || lengthBytes.length > 4) throw unexpected('ldap', `length of ${first} bytes`);
  return { tag, body: await take(lengthBytes.readUIntBE(0, lengthBytes.length)) };
}

/** Reads the elements inside a constructed one, in order. */
function within({ body }: Element): Take {
  let at = 0;
  return async (count) => {
    if (at + count > body.length) throw unexpected('ldap', body.toString('latin1'));
    at += count;
    return body.subarray(at - count, at);
  };
}
