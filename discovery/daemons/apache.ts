import { resolve } from 'node:path';
import {
  type Daemon,
  type FoundEndpoint,
  type Installation,
  mergeInstallations,
  optionOf,
  pairInstallation,
  type Reading,
  reachableAddress,
  unread,
} from '../found.ts';
import type { DiscoveryHost, RunningProcess } from '../host.ts';
import { matchesGlob } from './nginx-config.ts';

/** Apache httpd: it prints its virtual hosts and files; the directives are read from these files. */
export const apache: Daemon = {
  name: 'apache',
  isMain: ({ program, argv }) => /\/(apache2|httpd)$/.test(program) && argv[0] !== '(wsgi' && argv.length > 0,
  async read(process, host) {
    const output = await host.run(
      [...dumpCommand(process), '-t', '-D', 'DUMP_VHOSTS', '-D', 'DUMP_RUN_CFG', '-D', 'DUMP_INCLUDES'],
      process,
    );
    if ('problem' in output) return unread(output.problem);
    const { environment, argv } = process;
    return parseApache(output.text, { host, environment, configFile: optionOf(argv, '-f') });
  },
};

/** The command line of the instance without the action of `-k`. */
function dumpCommand({ program, argv }: RunningProcess): string[] {
  const words = argv.slice(1).filter((word) => word !== '-DFOREGROUND' && word !== '-DNO_DETACH');
  return [program, ...words.filter((word, at) => !word.startsWith('-k') && words[at - 1] !== '-k')];
}

interface Surroundings {
  readonly host: Pick<DiscoveryHost, 'readText' | 'list'>;
  readonly environment: Readonly<Record<string, string>>;
  /** The value of `-f`; null for the file that httpd was built with. */
  readonly configFile: string | null;
}

interface VirtualHost {
  readonly address: string;
  readonly name: string | null;
  readonly file: string;
  readonly line: number;
}

/** Reads the output of `httpd -t -D DUMP_VHOSTS -D DUMP_RUN_CFG -D DUMP_INCLUDES`. */
export function parseApache(dump: string, surroundings: Surroundings): Reading {
  const { host, configFile } = surroundings;
  const root = /^ServerRoot: "(.*)"$/m.exec(dump)?.[1] ?? '/';
  const pidFile = /^PidFile: "(.*)"$/m.exec(dump)?.[1];
  const variables = { ...surroundings.environment, ...definesIn(dump) };
  const read = (path: string) =>
    linesOf(host.readText(path) ?? '').map((line) => substitute(line, variables));
  const config =
    configFile === null ? {} : { configPath: configFile, ...(pidFile !== undefined && { pidFile }) };
  const found = virtualHostsIn(dump).flatMap((one) => {
    const directives = withIncludes(blockAt(read(one.file), one.line), { root, read, host });
    return installationsOf(one, directives, { root, config });
  });
  return { installations: mergeInstallations(found), notes: [] };
}

/** A line names an address and either the only virtual host, or several in the lines below it. */
export function virtualHostsIn(dump: string): VirtualHost[] {
  let address = '';
  return dump.split('\n').flatMap((line): VirtualHost[] => {
    const [, head, rest = ''] = /^(\S+:\d+)\s+(.*)$/.exec(line) ?? [];
    if (head !== undefined) address = head;
    const [, port, name, file = '', at] =
      /^(?:port (\d+) namevhost )?(\S+) \((.+):(\d+)\)$/.exec(head === undefined ? line.trim() : rest) ?? [];
    if (name === undefined || (head === undefined && port === undefined)) return [];
    return [{ address, name: /[a-z]/i.test(name) ? name : null, file, line: Number(at) }];
  });
}

function definesIn(dump: string): Record<string, string> {
  const defines = [...dump.matchAll(/^Define: ([^=\s]+)=(.*)$/gm)];
  return Object.fromEntries(defines.map(([, name = '', value = '']) => [name, value]));
}

/** One element for each line of the file; a line that ends with a backslash contains the next ones. */
function linesOf(text: string): string[] {
  return text.replaceAll(/\\\n/g, ' ').split('\n');
}

function substitute(line: string, variables: Readonly<Record<string, string>>): string {
  return line.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => variables[name] ?? all);
}

/** The directives between `<VirtualHost>` in a line and its end. */
function blockAt(lines: readonly string[], line: number): string[] {
  const after = lines.slice(line);
  const end = after.findIndex((one) => /^\s*<\/VirtualHost>/i.test(one));
  return end < 0 ? after : after.slice(0, end);
}

interface Includes {
  readonly root: string;
  readonly read: (path: string) => readonly string[];
  readonly host: Surroundings['host'];
}

function withIncludes(lines: readonly string[], includes: Includes, depth = 0): string[] {
  const { root, read, host } = includes;
  return lines.flatMap((line) => {
    const pattern = /^\s*Include(?:Optional)?\s+"?([^"\s]+)"?/i.exec(line)?.[1];
    if (pattern === undefined || depth > 10) return [line];
    const path = resolve(root, pattern);
    const folder = path.slice(0, path.lastIndexOf('/'));
    const files = /[*?]/.test(path) ? host.list(folder).filter((file) => matchesGlob(file, path)) : [path];
    return files.flatMap((file) => withIncludes(read(file), includes, depth + 1));
  });
}

function installationsOf(
  one: VirtualHost,
  lines: readonly string[],
  { root, config }: { root: string; config: object },
): Installation[] {
  const values = (name: string) =>
    lines.flatMap((line) => new RegExp(`^\\s*${name}\\s+"?([^"]+?)"?\\s*$`, 'i').exec(line)?.[1] ?? []);
  if (values('SSLEngine').at(-1)?.toLowerCase() !== 'on') return [];
  const keys = values('SSLCertificateKeyFile');
  const chain = values('SSLCertificateChainFile')[0];
  const chainPath = chain === undefined ? {} : { chainPath: resolve(root, chain) };
  return values('SSLCertificateFile').map((file, at) =>
    pairInstallation({
      daemon: 'apache',
      certPath: resolve(root, file),
      keyPath: resolve(root, keys[at] ?? file),
      endpoints: [endpointOf(one)],
      config: { ...chainPath, ...config },
    }),
  );
}

function endpointOf({ address, name }: VirtualHost): FoundEndpoint {
  const at = address.lastIndexOf(':');
  const host = /^(_default_|\*)$/.test(address.slice(0, at)) ? '*' : address.slice(0, at);
  return { endpoint: `${reachableAddress(host)}${address.slice(at)}`, protocol: 'tls', serverName: name };
}
