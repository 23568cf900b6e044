import { dirname, join, resolve } from 'node:path';
import type { ProbeProtocol } from '../../core/targets/kinds/probe-protocol.ts';
import {
  type Daemon,
  type FoundEndpoint,
  type Installation,
  mergeInstallations,
  type Reading,
  reachableAddress,
  unread,
} from '../found.ts';
import type { RunningProcess } from '../host.ts';
import { type Directive, directivesOf, filesOfDump } from './nginx-config.ts';

const title = /^nginx: master process (.*)$/s;

/** nginx: each instance is asked for its configuration with its own `-p` and `-c`. */
export const nginx: Daemon = {
  name: 'nginx',
  isMain: ({ argv: [first = ''] }) => title.test(first),
  async read(process, host) {
    const options = nginxOptions(process);
    const instance = ['p', 'c'].flatMap((letter) => {
      const value = options.get(letter);
      return value === undefined ? [] : [`-${letter}`, value];
    });
    const output = await host.run([process.program, ...instance, '-T'], process);
    return 'problem' in output ? unread(output.problem) : parseNginx(output.text, options);
  },
};

/** The options in the title of the master, which are separated by spaces only. */
export function nginxOptions({ argv: [first = ''] }: Pick<RunningProcess, 'argv'>): Map<string, string> {
  const words = title.exec(first)?.[1] ?? '';
  const options = [...words.matchAll(/ -([pcge]) ?(.*?)(?= -[a-zA-Z]( |$)|$)/gs)];
  return new Map(options.map(([, letter = '', value = '']) => [letter, value]));
}

/** Reads the output of `nginx -T`. */
export function parseNginx(dump: string, options: ReadonlyMap<string, string>): Reading {
  const files = filesOfDump(dump);
  const [main = ''] = files.keys();
  const servers = directivesOf(files).flatMap((top) =>
    top.block === null ? [] : serversIn(top.words[0] ?? '', top.block, top.block),
  );
  const found = servers.flatMap((server) => installationsOf(server, main, targetConfig(main, options)));
  return { installations: mergeInstallations(found), notes: [] };
}

interface Server {
  readonly protocol: ProbeProtocol;
  readonly own: readonly Directive[];
  readonly outer: readonly Directive[];
}

function serversIn(context: string, block: readonly Directive[], outer: readonly Directive[]): Server[] {
  if (!['http', 'stream', 'mail'].includes(context)) return [];
  return block
    .filter(({ words, block: inner }) => words[0] === 'server' && inner !== null)
    .map(({ block: own }) => ({ protocol: 'tls', own: own ?? [], outer }));
}

function installationsOf({ own, outer, protocol }: Server, main: string, config: object): Installation[] {
  const listens = valuesOf(own, 'listen').filter((words) => words.includes('ssl') || isOn(own, outer));
  if (listens.length === 0) return [];
  const [certificates, keys] = ['ssl_certificate', 'ssl_certificate_key'].map((name) => {
    const values = valuesOf(own, name);
    return (values.length > 0 ? values : valuesOf(outer, name)).map(([value = '']) => value);
  });
  const names = valuesOf(own, 'server_name')
    .flat()
    .filter((name) => /^[a-z0-9][a-z0-9.-]*$/i.test(name));
  const endpoints = listens.flatMap(([address = '']) => endpointsOf(address, protocol, names));
  return (certificates ?? []).map((certificate, at) => {
    const [certFile, keyFile] = [certificate, keys?.[at] ?? ''].map((path) =>
      resolve(dirname(main), path),
    ) as [string, string];
    const isVariable = `${certificate}${keys?.[at]}`.includes('$');
    const isFile =
      !isVariable && !/^(data|engine):/.test(certificate) && !/^(data|engine|store):/.test(keys?.[at] ?? '');
    return {
      daemon: 'nginx',
      certFile: isFile ? certFile : certificate,
      keyFile: certFile === keyFile ? null : keyFile,
      endpoints,
      target:
        isFile && certFile !== keyFile
          ? { kind: 'nginx', config: { certPath: certFile, keyPath: keyFile, ...config } }
          : null,
      notes: isFile
        ? []
        : ['nginx reads this certificate through a variable or an engine: write the target by hand'],
    };
  });
}

const isOn = (own: readonly Directive[], outer: readonly Directive[]) =>
  (valuesOf(own, 'ssl')[0] ?? valuesOf(outer, 'ssl')[0])?.[0] === 'on';

function endpointsOf(listen: string, protocol: ProbeProtocol, names: readonly string[]): FoundEndpoint[] {
  if (listen.startsWith('unix:')) return [];
  const [, address = '', port = ''] = /^(?:(\[[^\]]*\]|[^:]*):)?(\d+)$/.exec(listen) ?? [
    listen,
    listen,
    '80',
  ];
  const endpoint = `${reachableAddress(address)}:${port}`;
  return (names.length > 0 ? names : [null]).map((serverName) => ({ endpoint, protocol, serverName }));
}

/** The words after each directive of this name. */
function valuesOf(directives: readonly Directive[], name: string): (readonly string[])[] {
  return directives.filter(({ words }) => words[0] === name).map(({ words }) => words.slice(1));
}

/** The usual instance needs no option; one with a prefix needs both commands. */
function targetConfig(main: string, options: ReadonlyMap<string, string>): object {
  const prefix = options.get('p');
  if (prefix !== undefined) {
    const instance = ['nginx', '-p', prefix, '-c', options.get('c') ?? main];
    return { validateCommand: [...instance, '-t'], reloadCommand: [...instance, '-s', 'reload'] };
  }
  return options.has('c') ? { configPath: join(main) } : {};
}
