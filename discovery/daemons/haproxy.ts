import { join } from 'node:path';
import {
  type Daemon,
  type FoundEndpoint,
  type Installation,
  mergeInstallations,
  optionOf,
  optionsOf,
  type Reading,
  reachableAddress,
} from '../found.ts';
import type { DiscoveryHost, RunningProcess } from '../host.ts';

/** haproxy prints no configuration, so its files are read. The worker has the command line of its master. */
export const haproxy: Daemon = {
  name: 'haproxy',
  isMain: ({ program }) => /\/haproxy$/.test(program),
  async read(process, host) {
    const paths = optionsOf(process.argv, '-f');
    const files = paths.flatMap((path) => filesAt(path, host));
    const unreadable = files.filter((path) => host.readText(path) === null);
    const texts = files.map((path) => host.readText(path) ?? '');
    const reading = parseHaproxy(texts.join('\n'), { host, config: configOf(paths, process) });
    return { ...reading, notes: [...reading.notes, ...unreadable.map((path) => `cannot read ${path}`)] };
  },
};

/** Of a folder, haproxy reads the files named *.cfg (management guide, option -f). */
function filesAt(path: string, host: DiscoveryHost): readonly string[] {
  const inside = host.list(path).filter((name) => name.endsWith('.cfg'));
  return inside.length > 0 ? inside : [path];
}

function configOf(paths: readonly string[], { unit, argv }: RunningProcess): object {
  const pidFile = optionOf(argv, '-p');
  const reload =
    unit === null && pidFile !== null ? { reloadCommand: ['pkill', '-USR2', '-F', pidFile] } : {};
  const byUnit =
    unit !== null && unit !== 'haproxy' ? { reloadCommand: ['systemctl', 'reload', unit] } : reload;
  const isUsual = paths.length === 1 && paths[0] === '/etc/haproxy/haproxy.cfg';
  return { ...(isUsual ? {} : { configPath: paths.length === 1 ? paths[0] : paths }), ...byUnit };
}

interface Surroundings {
  readonly host: Pick<DiscoveryHost, 'list' | 'readText'>;
  readonly config: object;
}

/** Reads the text of all configuration files (https://docs.haproxy.org/2.6/configuration.html#5.1-crt). */
export function parseHaproxy(text: string, { host, config }: Surroundings): Reading {
  const lines = text.split('\n').map(wordsOf);
  const base = (name: string) => lines.find(([first]) => first === name)?.[1] ?? '/';
  const found = lines
    .filter((words) => words[0] === 'bind' && words.includes('ssl'))
    .flatMap((words) => {
      const endpoints = (words[1] ?? '').split(',').flatMap(endpointOf);
      const direct = valuesAfter(words, 'crt').map((path) => ({
        path: under(base('crt-base'), path),
        names: [],
      }));
      const listed = valuesAfter(words, 'crt-list').flatMap((path) =>
        entriesOfList(host.readText(path) ?? '', base('crt-base')),
      );
      return [...direct, ...listed].flatMap(({ path, names }) =>
        certificatesAt(path, host).map((certFile) =>
          installation(certFile, endpoints, { names, host, config }),
        ),
      );
    });
  return { installations: mergeInstallations(found), notes: [] };
}

function installation(
  certFile: string,
  endpoints: readonly string[],
  { names, host, config }: Surroundings & { names: readonly string[] },
): Installation {
  const keyFile = host.readText(certFile)?.includes('PRIVATE KEY-----') === false ? `${certFile}.key` : null;
  const named: readonly (string | null)[] = names.length > 0 ? names : [null];
  return {
    daemon: 'haproxy',
    certFile,
    keyFile,
    endpoints: endpoints.flatMap((endpoint) =>
      named.map((serverName): FoundEndpoint => ({ endpoint, protocol: 'tls', serverName })),
    ),
    target: {
      kind: 'haproxy',
      config: { pemPath: certFile, ...(keyFile !== null && { keyPath: keyFile }), ...config },
    },
    notes: [],
  };
}

/** Files beside a certificate that are not certificates. */
const companions = /\.(key|issuer|ocsp|sctl|dh|crt-list)$/;

function certificatesAt(path: string, host: Surroundings['host']): readonly string[] {
  const inside = host.list(path).filter((name) => !companions.test(name) && !/\/\.[^/]*$/.test(name));
  if (inside.length > 0) return inside;
  return [path.replace(/(.)\/$/, '$1')];
}

/** A line is a file, options in brackets and the server names that select it; `!name` excludes one. */
export function entriesOfList(text: string, crtBase = '/'): { path: string; names: readonly string[] }[] {
  return text
    .split('\n')
    .map((line) =>
      line
        .replace(/#.*/, '')
        .replace(/\[[^\]]*\]/, ' ')
        .trim()
        .split(/\s+/),
    )
    .filter(([path = '']) => path !== '')
    .map(([path = '', ...names]) => ({
      path: under(crtBase, path),
      names: names.filter((name) => /^[a-z0-9]/i.test(name)),
    }));
}

const under = (base: string, path: string) => (path.startsWith('/') ? path : join(base, path));

function endpointOf(address: string): string[] {
  const [, host = '', port] = /^(?:ipv[46]@)?(.*?):(\d+)(?:-\d+)?$/.exec(address) ?? [];
  return port === undefined ? [] : [`${reachableAddress(host)}:${port}`];
}

function valuesAfter(words: readonly string[], name: string): string[] {
  return words.flatMap((word, at) =>
    word === name && words[at + 1] !== undefined ? [words[at + 1] ?? ''] : [],
  );
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/#.*|"((?:[^"\\]|\\.)*)"|'([^']*)'|((?:\\.|[^\s#"'\\])+)/g)].flatMap(
    ([, double, single, word]) => double ?? single ?? word?.replaceAll(/\\(.)/g, '$1') ?? [],
  );
}
