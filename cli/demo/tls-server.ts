/**
 * The demo's TLS server, a separate process. It listens on a loopback port (a free port without `--port`), serves the
 * certificate that it has read, and reads it again on SIGHUP. While the file `--ignore-reloads` exists, SIGHUP has no
 * effect, as with a stuck worker. The server exits with its parent.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    cert: { type: 'string' },
    key: { type: 'string' },
    'ignore-reloads': { type: 'string' },
    port: { type: 'string' },
  },
});
const { cert = '', key = '', 'ignore-reloads': ignoreReloads = '', port = '0' } = values;

const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n');
});

/** Before the first deployment there is no certificate, and every handshake fails. */
function readCertificate(): void {
  if (existsSync(ignoreReloads) || !existsSync(cert)) return;
  server.setSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
}

process.on('SIGHUP', readCertificate);
process.stdin.resume().on('end', () => process.exit(0));
readCertificate();
server.on('tlsClientError', () => {});
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`);
});
