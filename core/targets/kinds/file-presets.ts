import * as z from 'zod/mini';
import { described } from './described.ts';
import { AbsolutePath } from './fields.ts';
import type { ProbeProtocol } from './probe-protocol.ts';

export const presetNames = [
  'postgresql',
  'mysql',
  'mariadb',
  'redis',
  'mosquitto',
  'rabbitmq',
  'tomcat',
] as const;
export type PresetName = (typeof presetNames)[number];

/** The instance of a daemon, if there are several or it is not where its package puts it. */
export const Instance = z.strictObject({
  socket: described(
    z.optional(AbsolutePath),
    'The socket of the instance. For postgresql: the folder that holds the socket, as in psql -h.',
  ),
  port: described(z.optional(z.int().check(z.gte(1), z.lte(65_535))), 'The port of the instance.'),
  pidFile: described(z.optional(AbsolutePath), 'The file with the process id of the instance.'),
  node: described(
    z.optional(
      z
        .string()
        .check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(@[A-Za-z0-9_.-]+)?$/, 'a name such as rabbit@mq-1')),
    ),
    'The node of the instance, such as rabbit@mq-1.',
  ),
});
export type Instance = z.infer<typeof Instance>;

interface Paths {
  readonly certPath: string;
  readonly keyPath: string;
}

/** Defaults for a daemon that reads PEM files. Fields of the config override them. */
export interface Preset extends Paths {
  /** The group of the daemon, which reads its key after it has dropped root. */
  readonly group: string;
  readonly protocol: ProbeProtocol;
  readonly instance: readonly (keyof Instance)[];
  /** SIGHUP to the main process makes it read its files again, so the daemon can be reloaded in a container. */
  readonly reloadsOnSignal?: true;
  /** argv that needs no password: root over a socket, or a signal. Null: the daemon reads its files only at start. */
  reload(instance: Instance, paths: Paths): string[] | null;
}

/** The presets of kind `files`, each with the manual that describes its reload. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  /** https://www.postgresql.org/docs/current/ssl-tcp.html#SSL-SERVER-FILES; superuser through peer authentication. */
  postgresql: {
    ...pathsIn('/etc/ssl/postgresql'),
    group: 'postgres',
    protocol: 'postgres',
    instance: ['socket', 'port'],
    reloadsOnSignal: true,
    reload: ({ socket, port }) => [
      ...['runuser', '-u', 'postgres', '--', 'psql', '-X', '-d', 'postgres'],
      ...option('-h', socket),
      ...option('-p', port),
      ...['-c', 'SELECT pg_reload_conf()'],
    ],
  },
  /** https://dev.mysql.com/doc/refman/8.4/en/alter-instance.html; root through `auth_socket` or /root/.my.cnf. */
  mysql: {
    ...pathsIn('/etc/mysql/tls'),
    group: 'mysql',
    protocol: 'mysql',
    instance: ['socket'],
    reload: ({ socket }) => [
      ...['mysql', '--protocol=socket'],
      ...option('-S', socket),
      ...['-e', 'ALTER INSTANCE RELOAD TLS'],
    ],
  },
  /** https://mariadb.com/docs/server/reference/sql-statements/administrative-sql-statements/flush-commands/flush */
  mariadb: {
    ...pathsIn('/etc/mysql/tls'),
    group: 'mysql',
    protocol: 'mysql',
    instance: ['socket'],
    reload: ({ socket }) => ['mariadb', '--protocol=socket', ...option('-S', socket), '-e', 'FLUSH SSL'],
  },
  /** https://redis.io/docs/latest/operate/oss_and_stack/management/security/encryption/; `-e`: an error becomes the exit code. */
  redis: {
    ...pathsIn('/etc/ssl/redis'),
    group: 'redis',
    protocol: 'tls',
    instance: ['socket', 'port'],
    reload: ({ socket, port }, { certPath, keyPath }) => [
      ...['redis-cli', '-e', ...option('-s', socket), ...option('-p', port)],
      ...['CONFIG', 'SET', 'tls-cert-file', certPath, 'tls-key-file', keyPath],
    ],
  },
  /** https://mosquitto.org/man/mosquitto-8.html: SIGHUP, which the units of Debian and Fedora send on reload. */
  mosquitto: {
    ...pathsIn('/etc/mosquitto/tls'),
    group: 'mosquitto',
    protocol: 'tls',
    instance: ['pidFile'],
    reloadsOnSignal: true,
    reload: ({ pidFile }) =>
      pidFile === undefined ? ['systemctl', 'reload', 'mosquitto'] : ['pkill', '-HUP', '-F', pidFile],
  },
  /** https://www.rabbitmq.com/docs/ssl#rotation: Erlang caches PEM files. */
  rabbitmq: {
    ...pathsIn('/etc/ssl/rabbitmq'),
    group: 'rabbitmq',
    protocol: 'tls',
    instance: ['node'],
    reload: ({ node }) => ['rabbitmqctl', ...option('-n', node), 'eval', 'ssl:clear_pem_cache().'],
  },
  /** https://tomcat.apache.org/tomcat-10.1-doc/config/http.html#SSL_Support: files are read when the connector starts. */
  tomcat: {
    ...pathsIn('/etc/tomcat/tls'),
    group: 'tomcat',
    protocol: 'tls',
    instance: [],
    reload: () => null,
  },
};

function pathsIn(folder: string): Paths {
  return { certPath: `${folder}/fullchain.pem`, keyPath: `${folder}/privkey.pem` };
}

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}
