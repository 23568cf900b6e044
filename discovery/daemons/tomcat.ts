import { resolve } from 'node:path';
import { type Daemon, type Installation, type Reading, unread } from '../found.ts';

const base = /^-Dcatalina\.base=(.+)$/;

/** Tomcat: conf/server.xml of its base folder. Values that are variables are not resolved. */
export const tomcat: Daemon = {
  name: 'tomcat',
  isMain: ({ argv }) =>
    argv.some((word) => base.test(word)) && argv.includes('org.apache.catalina.startup.Bootstrap'),
  async read(process, host) {
    const folder =
      process.argv.map((word) => base.exec(word)?.[1]).find((found) => found !== undefined) ?? '/';
    const file = resolve(folder, 'conf/server.xml');
    const text = host.readText(file);
    const reload =
      process.unit === null ? { reload: 'none' } : { reloadCommand: ['systemctl', 'restart', process.unit] };
    return text === null ? unread(`cannot read ${file}`) : parseTomcat(text, { folder, reload });
  },
};

interface Surroundings {
  readonly folder: string;
  readonly reload: object;
}

/** Reads server.xml (https://tomcat.apache.org/tomcat-10.1-doc/config/http.html#SSL_Support_-_Certificate). */
export function parseTomcat(xml: string, { folder, reload }: Surroundings): Reading {
  const connectors = xml.replaceAll(/<!--[\s\S]*?-->/g, '').split(/(?=<Connector\b)/);
  const installations = connectors.flatMap((connector) => {
    const endpoint = `${attribute(connector, 'address') ?? '127.0.0.1'}:${attribute(connector, 'port')}`;
    return connector
      .split(/(?=<SSLHostConfig\b)/)
      .filter((part) => part.startsWith('<SSLHostConfig'))
      .flatMap((part) => {
        const serverName = attribute(part, 'hostName') ?? null;
        const certificates = part.match(/<Certificate\b[^>]*>/g) ?? [];
        const endpoints = [{ endpoint, protocol: 'tls', serverName }] as const;
        return certificates.flatMap((one) => installationOf(one, { folder, reload }, endpoints));
      });
  });
  return { installations, notes: [] };
}

function installationOf(
  element: string,
  { folder, reload }: Surroundings,
  endpoints: Installation['endpoints'],
): Installation[] {
  const [cert, key] = [attribute(element, 'certificateFile'), attribute(element, 'certificateKeyFile')];
  const keystore = attribute(element, 'certificateKeystoreFile');
  const common = { daemon: 'tomcat', endpoints };
  if (cert !== undefined && key !== undefined) {
    const [certPath, keyPath] = [resolve(folder, cert), resolve(folder, key)];
    const target = { kind: 'files', config: { preset: 'tomcat', certPath, keyPath, ...reload } };
    return [
      {
        ...common,
        certFile: certPath,
        keyFile: keyPath,
        target,
        notes: 'reload' in reload ? [restartNote] : [],
      },
    ];
  }
  return keystore === undefined
    ? []
    : [
        {
          ...common,
          certFile: resolve(folder, keystore),
          keyFile: null,
          target: null,
          notes: [keystoreNote],
        },
      ];
}

const restartNote =
  'Tomcat reads its files when it starts: replace reload: none by a reloadCommand that restarts it';
const keystoreNote = 'a keystore: write a target of kind javakeystore, with a reference to its password';

/** The attribute of the first element in the text. */
function attribute(element: string, name: string): string | undefined {
  const [tag = ''] = /^<[^>]*>/.exec(element) ?? [];
  return new RegExp(`\\b${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1];
}
