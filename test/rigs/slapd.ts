import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../cli/demo/free-port.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { isAlive, reachable, until } from './processes.ts';

/** OpenLDAP from its Debian package, with an empty database. Without a version it offers no TLS. */
export async function startSlapd(folder: string, version: IssuedCertificate | null) {
  const port = await freePort();
  const [conf, certPath, keyPath] = [join(folder, 'slapd.conf'), join(folder, 'cert'), join(folder, 'key')];
  const tls = version === null ? '' : `TLSCertificateFile ${certPath}\nTLSCertificateKeyFile ${keyPath}\n`;
  writeFileSync(conf, `pidfile ${join(folder, 'pid')}\n${tls}`);
  writeFileSync(certPath, version?.fullchainPem ?? '');
  writeFileSync(keyPath, version?.keyPem ?? '', { mode: 0o600 });
  const child: ChildProcess = spawn('slapd', ['-h', `ldap://127.0.0.1:${port}`, '-f', conf, '-d', '0'], {
    stdio: 'ignore',
  });
  await until(() => reachable(port), `slapd on port ${port}`);
  return {
    port,
    async stop(): Promise<void> {
      const pid = child.pid;
      if (pid === undefined) return;
      child.kill();
      await until(() => !isAlive(pid), `slapd ${pid} to end`);
    },
  };
}
