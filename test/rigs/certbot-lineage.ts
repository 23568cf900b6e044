import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';

/** The files of one certificate as certbot keeps them: numbered files, and links to the latest. */
export interface Lineage {
  readonly certPath: string;
  readonly keyPath: string;
  /** Writes the next numbered files, then changes the links, as `certbot renew` does. Returns the paths behind the links. */
  renew(version: IssuedCertificate): { readonly certFile: string; readonly keyFile: string };
}

/** A lineage whose links are at these paths. The numbered files are in `archive` beside the folder of the links. */
export function certbotLineage({ certPath, keyPath }: Pick<Lineage, 'certPath' | 'keyPath'>): Lineage {
  const archive = join(certPath, '../../archive');
  mkdirSync(archive, { recursive: true });
  let count = 0;
  return {
    certPath,
    keyPath,
    renew({ fullchainPem, keyPem }) {
      count += 1;
      const [cert, key] = [`fullchain${count}.pem`, `privkey${count}.pem`];
      writeFileSync(join(archive, cert), fullchainPem);
      writeFileSync(join(archive, key), keyPem, { mode: 0o600 });
      for (const [link, name] of [[certPath, cert] as const, [keyPath, key] as const]) {
        rmSync(link, { force: true });
        symlinkSync(join('../archive', name), link);
      }
      return { certFile: join(archive, cert), keyFile: join(archive, key) };
    },
  };
}
