import { resolve } from 'node:path';
import { type Daemon, optionOf, type Reading, reachableAddress, unread } from '../found.ts';

const parameters = [
  'ssl',
  'ssl_cert_file',
  'ssl_key_file',
  'port',
  'listen_addresses',
  'unix_socket_directories',
  'data_directory',
] as const;
type Values = Readonly<Record<(typeof parameters)[number], string>>;

/** PostgreSQL: `postgres -C` prints one parameter of the configuration files and the command line. */
export const postgresql: Daemon = {
  name: 'postgresql',
  isMain: ({ program, argv }) => /\/postgres$/.test(program) && !/^postgres: /.test(argv[0] ?? ''),
  async read(process, host) {
    const command = [process.program, ...process.argv.slice(1)];
    const outputs = await Promise.all(parameters.map((name) => host.run([...command, '-C', name], process)));
    const failed = outputs.find((output) => 'problem' in output);
    if (failed !== undefined && 'problem' in failed) return unread(failed.problem);
    const values = Object.fromEntries(
      parameters.map((name, at) => [name, outputText(outputs[at])]),
    ) as Values;
    const folder = values.data_directory || optionOf(process.argv, '-D') || process.environment.PGDATA || '/';
    return readPostgresql({ ...values, data_directory: folder });
  },
};

const outputText = (output: object | undefined) =>
  output !== undefined && 'text' in output ? String(output.text).trim() : '';

/** Reads the values of the parameters; paths are relative to the data directory. */
export function readPostgresql(values: Values): Reading {
  if (values.ssl !== 'on') return { installations: [], notes: [] };
  const [certPath, keyPath] = [values.ssl_cert_file, values.ssl_key_file].map((file) =>
    resolve(values.data_directory, file),
  ) as [string, string];
  const socket = values.unix_socket_directories.split(',')[0]?.trim() ?? '';
  const [port, address] = [Number(values.port), values.listen_addresses.split(',')[0]?.trim() ?? ''];
  const instance = {
    ...(socket.startsWith('/') && socket !== '/var/run/postgresql' && { socket }),
    ...(port !== 5432 && { port }),
  };
  return {
    installations: [
      {
        daemon: 'postgresql',
        certFile: certPath,
        keyFile: keyPath,
        endpoints:
          address === ''
            ? []
            : [{ endpoint: `${reachableAddress(address)}:${port}`, protocol: 'postgres', serverName: null }],
        target: {
          kind: 'files',
          config: {
            preset: 'postgresql',
            certPath,
            keyPath,
            ...(Object.keys(instance).length > 0 && { instance }),
          },
        },
        notes: [],
      },
    ],
    notes: [],
  };
}
