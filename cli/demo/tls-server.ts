/**
 * The demo's server, a process of its own: it answers on a port of the loopback address (a free one unless `--port` names it) with the certificate it
 * has read, and reads it again on SIGHUP. While the file `--stuck` exists it is a server with a stuck worker: it takes
 * the signal, says that all is well, and goes on serving what it had. It ends when its parent does.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    cert: { type: 'string' },
    key: { type: 'string' },
    stuck: { type: 'string' },
    port: { type: 'string' },
  },
});
const { cert = '', key = '', stuck = '', port = '0' } = values;

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n');
});

/** Before the first deployment there is nothing to read: every handshake fails until there is. */
function readAgain(): void {
  if (existsSync(stuck) || !existsSync(cert)) return;
  server.setSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
}

process.on('SIGHUP', readAgain);
process.stdin.resume().on('end', () => process.exit(0));
readAgain();
server.on('tlsClientError', () => {});
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`);
});
