import { resolve } from 'node:path';
import {
  type Daemon,
  type FoundEndpoint,
  type Installation,
  optionOf,
  pairInstallation,
  type Reading,
  unread,
} from '../found.ts';
import type { DiscoveryHost } from '../host.ts';

const parameters = [
  'smtpd_tls_chain_files',
  'smtpd_tls_cert_file',
  'smtpd_tls_key_file',
  'tls_server_sni_maps',
  'inet_interfaces',
];

/** Postfix: `postconf` prints the parameters and the services; the tables of server names are text files. */
export const postfix: Daemon = {
  name: 'postfix',
  isMain: ({ program }) => /\/postfix\/(s?bin\/)?master$/.test(program),
  async read(process, host) {
    const folder = optionOf(process.argv, '-c') ?? process.environment.MAIL_CONFIG ?? null;
    const postconf = ['postconf', ...(folder === null ? [] : ['-c', folder])];
    const [main, services] = await Promise.all([
      host.run([...postconf, '-x', ...parameters], process),
      host.run([...postconf, '-M'], process),
    ]);
    if ('problem' in main) return unread(main.problem);
    if ('problem' in services) return unread(services.problem);
    const overrides = await host.run([...postconf, '-P'], process);
    return parsePostfix(
      { main: main.text, services: services.text, overrides: 'text' in overrides ? overrides.text : '' },
      { host, config: folder === null || folder === '/etc/postfix' ? {} : { configDirectory: folder } },
    );
  },
};

interface Outputs {
  /** Of `postconf -x`. */
  readonly main: string;
  /** Of `postconf -M`. */
  readonly services: string;
  /** Of `postconf -P`. */
  readonly overrides: string;
}

interface Surroundings {
  readonly host: Pick<DiscoveryHost, 'readText'>;
  readonly config: object;
}

/** Reads the output of `postconf`. */
export function parsePostfix(
  { main, services, overrides }: Outputs,
  { host, config }: Surroundings,
): Reading {
  const values = new Map(
    [...main.matchAll(/^(\w+) =[ \t]*(.*)$/gm)].map(([, name = '', value = '']) => [name, value.trim()]),
  );
  const value = (name: string) => values.get(name) ?? '';
  const endpoints = endpointsOf(services, overrides, value('inet_interfaces'));
  const notes = /^\S+\/inet\/smtpd_tls_(cert|chain)_files? /m.test(overrides)
    ? ['a service in master.cf has its own certificate: write its target by hand']
    : [];
  const own = defaultInstallation(value, endpoints, config);
  const listed = sniEntries(value('tls_server_sni_maps'), host).map(({ name, files }): Installation => {
    const [first = ''] = files;
    return {
      daemon: 'postfix',
      certFile: files.at(-1) ?? first,
      keyFile: files.length > 1 ? first : null,
      endpoints: endpoints.map((endpoint) => ({ ...endpoint, serverName: name })),
      target: null,
      notes: [
        `in the SNI map for ${name}. Deploy with kind files, and run "postmap -F" before "postfix reload": a compiled map has a copy of the certificate`,
      ],
    };
  });
  return { installations: [...own, ...listed], notes };
}

function defaultInstallation(
  value: (name: string) => string,
  endpoints: readonly FoundEndpoint[],
  config: object,
): Installation[] {
  const chainFiles = value('smtpd_tls_chain_files')
    .split(/[\s,]+/)
    .filter((path) => path !== '');
  if (chainFiles.length > 0) return [chainInstallation(chainFiles, endpoints, config)];
  const [certPath, keyPath] = [value('smtpd_tls_cert_file'), value('smtpd_tls_key_file')];
  if (certPath === '' || certPath === 'none') return [];
  return [pairInstallation({ daemon: 'postfix', certPath, keyPath, endpoints, config })];
}

function chainInstallation(
  files: readonly string[],
  endpoints: readonly FoundEndpoint[],
  config: object,
): Installation {
  const [first = ''] = files;
  const certFile = files.at(-1) ?? first;
  const common = { daemon: 'postfix', endpoints, certFile };
  if (files.length === 1) {
    const target = { kind: 'postfix', config: { chainFilesPath: first, ...config } };
    return { ...common, keyFile: null, target, notes: [] };
  }
  const notes = ['smtpd_tls_chain_files has several files: write the target by hand'];
  return { ...common, keyFile: first, target: null, notes };
}

/** A table lists the files of each name: the key first (https://www.postfix.org/postconf.5.html#tls_server_sni_maps). */
export function sniEntries(maps: string, host: Surroundings['host']): { name: string; files: string[] }[] {
  return maps
    .split(/[\s,]+/)
    .filter((map) => /^(text)?(hash|btree|lmdb|cdb|dbm|sdbm):\//.test(map))
    .flatMap((map) => logicalLines(host.readText(resolve('/', map.slice(map.indexOf(':') + 1))) ?? ''))
    .map((line) => line.split(/[\s,]+/))
    .map(([name = '', ...files]) => ({ name: name.replace(/^\./, 'www.'), files }))
    .filter(({ files }) => files.length > 0);
}

/** A line that begins with white space continues the one before it. */
function logicalLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^\s*[^#\s]/.test(line));
  return lines
    .join('\n')
    .replaceAll(/\n[ \t]+/g, ' ')
    .split('\n')
    .filter((line) => line !== '');
}

const ports: Readonly<Record<string, number>> = { smtp: 25, submission: 587, submissions: 465, smtps: 465 };

function endpointsOf(services: string, overrides: string, interfaces: string): FoundEndpoint[] {
  const usual = /^[\d.]+$/.test(interfaces) ? interfaces : '127.0.0.1';
  const lines = services.split('\n').map((line) => line.trim().split(/\s+/));
  return lines
    .filter(([, type, , , , , , command]) => type === 'inet' && command === 'smtpd')
    .flatMap(([service = '']): FoundEndpoint[] => {
      const port = service.slice(service.lastIndexOf(':') + 1);
      const address = service.slice(0, -port.length).replace(/:$/, '') || usual;
      const isWrapped = overrides.includes(`${service}/inet/smtpd_tls_wrappermode = yes`);
      const protocol = isWrapped ? 'tls' : 'smtp';
      const number = ports[port] ?? Number(port);
      return number > 0 ? [{ endpoint: `${address}:${number}`, protocol, serverName: null }] : [];
    });
}
