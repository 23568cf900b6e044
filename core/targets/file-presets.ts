import * as z from 'zod/mini';
import { AbsolutePath } from './fields.ts';
import type { ProbeProtocol } from './verify.ts';

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

/** Which instance of a daemon is told, where there are several or it is not where its package puts it. */
export const Instance = z.strictObject({
  /** For postgresql the folder that holds the socket, as in `psql -h`. */
  socket: z.optional(AbsolutePath),
  port: z.optional(z.int().check(z.gte(1), z.lte(65_535))),
  pidFile: z.optional(AbsolutePath),
  node: z.optional(
    z
      .string()
      .check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(@[A-Za-z0-9_.-]+)?$/, 'a name such as rabbit@mq-1')),
  ),
});
export type Instance = z.infer<typeof Instance>;

interface Paths {
  readonly certPath: string;
  readonly keyPath: string;
}

/** What is known of a daemon that reads PEM files; what the config says counts more. */
export interface Preset extends Paths {
  /** The daemon's own group: it reads its key after it has become its user. */
  readonly group: string;
  readonly protocol: ProbeProtocol;
  readonly instance: readonly (keyof Instance)[];
  /** argv, without a password: as root over a socket, or by a signal. Null: it reads its files when it starts. */
  reload(instance: Instance, paths: Paths): string[] | null;
}

/** The presets of kind `files`, with the manual that says how each daemon reads its files again. */
export const presets: Readonly<Record<PresetName, Preset>> = {
  /** https://www.postgresql.org/docs/current/ssl-tcp.html#SSL-SERVER-FILES; the superuser by peer authentication. */
  postgresql: {
    ...pathsIn('/etc/postgresql/tls'),
    group: 'postgres',
    protocol: 'postgres',
    instance: ['socket', 'port'],
    reload: ({ socket, port }) => [
      ...['runuser', '-u', 'postgres', '--', 'psql', '-X', '-d', 'postgres'],
      ...option('-h', socket),
      ...option('-p', port),
      ...['-c', 'SELECT pg_reload_conf()'],
    ],
  },
  /** https://dev.mysql.com/doc/refman/8.4/en/alter-instance.html; root by `auth_socket`, or by /root/.my.cnf. */
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
  /** https://redis.io/docs/latest/operate/oss_and_stack/management/security/encryption/; `-e`: an error is one. */
  redis: {
    ...pathsIn('/etc/redis/tls'),
    group: 'redis',
    protocol: 'tls',
    instance: ['socket', 'port'],
    reload: ({ socket, port }, { certPath, keyPath }) => [
      ...['redis-cli', '-e', ...option('-s', socket), ...option('-p', port)],
      ...['CONFIG', 'SET', 'tls-cert-file', certPath, 'tls-key-file', keyPath],
    ],
  },
  /** https://mosquitto.org/man/mosquitto-8.html: SIGHUP; Debian's and Fedora's units send it as their reload. */
  mosquitto: {
    ...pathsIn('/etc/mosquitto/tls'),
    group: 'mosquitto',
    protocol: 'tls',
    instance: ['pidFile'],
    reload: ({ pidFile }) =>
      pidFile === undefined ? ['systemctl', 'reload', 'mosquitto'] : ['pkill', '-HUP', '-F', pidFile],
  },
  /** https://www.rabbitmq.com/docs/ssl#rotation: Erlang keeps what it has read of PEM files until it is told. */
  rabbitmq: {
    ...pathsIn('/etc/rabbitmq/tls'),
    group: 'rabbitmq',
    protocol: 'tls',
    instance: ['node'],
    reload: ({ node }) => ['rabbitmqctl', ...option('-n', node), 'eval', 'ssl:clear_pem_cache().'],
  },
  /** https://tomcat.apache.org/tomcat-10.1-doc/config/http.html#SSL_Support: read when the connector starts. */
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
