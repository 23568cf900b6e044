import { connect } from 'node:tls';

/** Fingerprint (`sha256:…`) of the leaf that a loopback port serves for a name. Does not use certferry's probe. */
export function servedBy(port: number, servername = 'www.example.test'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      resolve(`sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`);
    });
    socket.once('error', reject);
  });
}
