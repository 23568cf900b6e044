import { type Dialect, notOffered, unexpected } from './conversation.ts';

const startTlsOid = '1.3.6.1.4.1.1466.20037';

/** LDAPMessage { messageID 1, ExtendedRequest { requestName } } in BER (RFC 4511 §4.12, §4.14). */
const startTls = Buffer.concat([
  Buffer.from('301d02010177188016', 'hex'),
  Buffer.from(startTlsOid, 'latin1'),
]);

/** BER tags of the response: sequence, integer, extended response, enumerated. */
const tags = { message: 0x30, id: 0x02, response: 0x78, code: 0x0a } as const;

/** LDAP: one extended request; result code 0 of the response means success. */
export const ldap: Dialect = async (server) => {
  server.send(startTls);
  const message = within(await element(server.bytes, tags.message));
  await element(message, tags.id);
  const response = within(await element(message, tags.response));
  const [result = -1] = await element(response, tags.code);
  if (result !== 0) throw notOffered(`LDAP result ${result}`);
};

type Take = (count: number) => Promise<Buffer>;

/** Reads one BER element's body; LDAP allows definite lengths only (RFC 4511 §5.1). */
async function element(take: Take, expected: number): Promise<Buffer> {
  const head = await take(2);
  const [tag, first = 0] = head;
  if (tag !== expected) throw unexpected('ldap', head.toString('latin1'));
  const length = first < 0x80 ? Buffer.of(first) : await take(first & 0x7f);
  if (length.length < 1 || length.length > 4) throw unexpected('ldap', head.toString('latin1'));
  return await take(length.readUIntBE(0, length.length));
}

/** Reads the elements inside a constructed one, in order. */
function within(body: Buffer): Take {
  let at = 0;
  return async (count) => {
    if (at + count > body.length) throw unexpected('ldap', body.toString('latin1'));
    at += count;
    return body.subarray(at - count, at);
  };
}
