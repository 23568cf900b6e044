import { resolve } from 'node:path';
import * as z from 'zod/mini';
import {
  type Daemon,
  type FoundEndpoint,
  optionOf,
  pairInstallation,
  type Reading,
  reachableAddress,
  unread,
} from '../found.ts';

/** Caddy: `caddy adapt` converts the configuration file to JSON; a JSON file is read as it is. */
export const caddy: Daemon = {
  name: 'caddy',
  isMain: ({ program, argv }) => /\/caddy$/.test(program) && argv[1] === 'run',
  async read(process, host) {
    const file = optionOf(process.argv, '--config', '-c') ?? '/etc/caddy/Caddyfile';
    const adapter = optionOf(process.argv, '--adapter', '-a');
    const isJson = file.endsWith('.json') && adapter === null;
    const options = adapter === null ? [] : ['--adapter', adapter];
    const output = isJson
      ? { text: host.readText(file) ?? '' }
      : await host.run([process.program, 'adapt', '--config', file, ...options], process);
    if ('problem' in output) return unread(output.problem);
    const config = {
      ...(file !== '/etc/caddy/Caddyfile' && { configPath: file }),
      ...(adapter !== null && adapter !== 'caddyfile' && { adapter }),
    };
    return parseCaddy(output.text, config, file);
  },
};

const Pair = z.object({ certificate: z.string(), key: z.string() });
const Server = z.object({ listen: z._default(z.array(z.string()), []) });
const Config = z.object({
  apps: z.object({
    tls: z.optional(
      z.object({ certificates: z.optional(z.object({ load_files: z.optional(z.array(Pair)) })) }),
    ),
    http: z.optional(z.object({ servers: z.optional(z.record(z.string(), Server)) })),
  }),
});

/** Reads Caddy's configuration as JSON (https://caddyserver.com/docs/json/apps/tls/certificates/). */
export function parseCaddy(text: string, config: object, file: string): Reading {
  const parsed = z.safeParse(Config, jsonOf(text));
  if (!parsed.success) return unread(`the configuration of Caddy in ${file} has another form than expected`);
  const { tls, http } = parsed.data.apps;
  const listens = Object.values(http?.servers ?? {}).flatMap(({ listen }) => listen);
  const endpoints = listens.flatMap((listen): FoundEndpoint[] => {
    const [, host = '', port] = /^(?:tcp[46]?\/)?(.*):(\d+)$/.exec(listen) ?? [];
    return port === undefined || port === '80'
      ? []
      : [{ endpoint: `${reachableAddress(host)}:${port}`, protocol: 'tls', serverName: null }];
  });
  const pairs = tls?.certificates?.load_files ?? [];
  const installations = pairs.map(({ certificate, key }) =>
    pairInstallation({
      daemon: 'caddy',
      certPath: resolve('/', certificate),
      keyPath: resolve('/', key),
      endpoints,
      config,
    }),
  );
  const notes =
    pairs.length === 0 && endpoints.length > 0
      ? ['Caddy names no certificate files: it obtains its certificates itself']
      : [];
  return { installations, notes };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
