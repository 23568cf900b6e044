import type { DefaultOwnership } from '../host/ownership.ts';
import type { FileConnector } from './connector.ts';
import type { RoleDefaults } from './desired-change.ts';
import { pemFiles } from './pem-files.ts';

/** PidFile as the packages of Debian, RHEL and Alpine and the official image have it. */
const pidFiles = [
  '/var/run/apache2/apache2.pid',
  '/run/httpd/httpd.pid',
  '/run/apache2/httpd.pid',
  '/usr/local/apache2/logs/httpd.pid',
];

/**
 * Apache httpd. The main process reads certificates and keys as root, so the key is root's alone; the group is the
 * workers', for those who widen its mode. `configtest` only sees whether files exist, and `graceful` only sends a signal:
 * of a pair that does not match httpd dies after both have said yes, so the main process is watched
 * (https://httpd.apache.org/docs/2.4/stopping.html#graceful).
 */
export const apache: FileConnector<'apache'> = {
  kind: 'apache',
  defaults: {
    debian: ownedFor('www-data'),
    rhel: ownedFor('apache'),
    alpine: ownedFor('apache'),
    other: ownedFor('www-data', 'apache', 'httpd'),
  },
  files: (bundle, config, distribution) =>
    pemFiles(
      bundle,
      config,
      config.chainPath === undefined ? 'fullchain' : 'leaf',
      apache.defaults[distribution],
    ),
  validate: ({ validateCommand, configPath }) => validateCommand ?? apachectl(configPath, 'configtest', '-t'),
  activate: ({ reloadCommand, configPath, pidFile }) => ({
    kind: 'monitoredCommand',
    argv: reloadCommand ?? apachectl(configPath, 'graceful', '-k', 'graceful'),
    pidFiles: pidFile === undefined ? pidFiles : [pidFile],
    pidFileRequired: pidFile !== undefined,
  }),
  // Debian's `apachectl start` would ask systemd to start the real one
  sandbox: ({ configPath }) => ['apachectl', ...fileOption(configPath), '-k', 'start'],
};

/** The script's own verb; with a configuration of its own httpd's options, which the script of RHEL refuses to pass on. */
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
