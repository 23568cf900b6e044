import type { Distribution } from '../host/distribution.ts';
import type { DefaultOwnership } from '../host/ownership.ts';
import type { Connector } from './connector.ts';
import type { RoleDefaults } from './desired-change.ts';
import { pemFiles } from './pem-files.ts';

/** Default PidFile in the packages of Debian, RHEL and Alpine and in the official image. */
const pidFiles = [
  '/var/run/apache2/apache2.pid',
  '/run/httpd/httpd.pid',
  '/run/apache2/httpd.pid',
  '/usr/local/apache2/logs/httpd.pid',
];

/** The group of the workers, by distribution. */
const ownership: Readonly<Record<Distribution, RoleDefaults>> = {
  debian: ownedFor('www-data'),
  rhel: ownedFor('apache'),
  alpine: ownedFor('apache'),
  other: ownedFor('www-data', 'apache', 'httpd'),
};

/**
 * The content of SSLCertificateChainFile without intermediates. httpd refuses an empty file, sends every certificate of
 * the file, and accepts text without one (`ssl_init_server_certs` and `SSL_CTX_use_certificate_chain` in mod_ssl).
 */
const emptyChain = '# The certificate has no intermediates.\n';

/**
 * Apache httpd. The main process reads certificates and keys as root, so only root can read the key. The group is that
 * of the workers, for operators who widen the mode. `configtest` only checks that files exist, and `graceful` only sends
 * a signal. Given a key that does not match, httpd exits after both have succeeded, so the agent monitors the main process
 * (https://httpd.apache.org/docs/2.4/stopping.html#graceful).
 */
export const apache: Connector<'apache'> = {
  files: (bundle, config, distribution) =>
    pemFiles(
      bundle,
      config,
      config.chainPath === undefined ? 'fullchain' : 'leaf',
      ownership[distribution],
      emptyChain,
    ),
  validate: ({ validateCommand, configPath }) => validateCommand ?? apachectl(configPath, 'configtest', '-t'),
  activate: ({ reloadCommand, configPath, pidFile }) => ({
    kind: 'monitoredCommand',
    argv: reloadCommand ?? apachectl(configPath, 'graceful', '-k', 'graceful'),
    pidFiles: pidFile === undefined ? pidFiles : [pidFile],
    pidFileRequired: pidFile !== undefined,
  }),
  // not `apachectl start`: Debian's script makes systemd start the live daemon
  sandbox: ({ configPath }) => ['apachectl', ...fileOption(configPath), '-k', 'start'],
};

/** The verb of the script, or httpd's options if `configPath` is set: RHEL's script accepts no options after a verb. */
function apachectl(configPath: string | undefined, verb: string, ...options: string[]): string[] {
  return ['apachectl', ...(configPath === undefined ? [verb] : [...fileOption(configPath), ...options])];
}

function fileOption(configPath: string | undefined): string[] {
  return configPath === undefined ? [] : ['-f', configPath];
}

function ownedFor(...groups: string[]): RoleDefaults {
  const owned = (mode: number): DefaultOwnership => ({ mode, owners: ['root'], groups });
  return { certificate: owned(0o644), chain: owned(0o644), privateKey: owned(0o600) };
}
