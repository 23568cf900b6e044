import * as z from 'zod/mini';
import { described } from './described.ts';
import { AbsolutePath } from './fields.ts';

/** Signals with which daemons read their files again. A signal that only stops a daemon is none of them. */
const signals = ['HUP', 'USR1', 'USR2'] as const;

/**
 * The kinds that can be reloaded in a container: the signal with which the main process reads its files again. Other kinds
 * watch their files, or are reloaded through an API.
 *
 * - https://nginx.org/en/docs/control.html
 * - https://httpd.apache.org/docs/2.4/stopping.html#graceful
 * - https://docs.haproxy.org/2.6/management.html#4, with a master (`haproxy -W`), as in the official image
 * - https://doc.dovecot.org/2.3/admin_manual/process_management/
 * - https://www.postfix.org/master.8.html
 */
const reloadSignals = {
  nginx: 'HUP',
  apache: 'USR1',
  haproxy: 'USR2',
  dovecot: 'HUP',
  postfix: 'HUP',
  files: 'HUP',
} as const satisfies Readonly<Record<string, (typeof signals)[number]>>;

/** The container of a daemon, and the signal that makes it read its files again. */
export interface ContainerReload {
  container: string;
  signal: (typeof signals)[number];
  socket?: string | undefined;
}

const containerName = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/,
      'the name of a container, such as web, as `docker ps` or `podman ps` lists it',
    ),
  );

/** The object of field `reload` for a kind, with the signal of the kind as the default. */
export function containerReloadOf(kind: keyof typeof reloadSignals) {
  const signal = reloadSignals[kind];
  return z.strictObject({
    container: described(containerName, 'The name of the container that runs the daemon.'),
    signal: described(
      z._default(z.enum(signals), signal),
      `The signal that makes the main process read its files again. Default: ${signal}.`,
    ),
    socket: described(
      z.optional(AbsolutePath),
      'The API socket of Docker or Podman. Default: /var/run/docker.sock, or /run/podman/podman.sock if that does not exist.',
    ),
  });
}

/** Field `reload` of a kind whose daemon may run in a container. */
export function reloadField(kind: keyof typeof reloadSignals) {
  return described(
    z.optional(containerReloadOf(kind)),
    'Reloads a daemon in a container: { container: web }. Replaces reloadCommand. validateCommand then runs in the container.',
  );
}

/** The container of a parsed config. Null: the daemon runs on the host itself. */
export function containerOf(config: object): ContainerReload | null {
  const { reload } = config as { reload?: unknown };
  return typeof reload === 'object' && reload !== null ? (reload as ContainerReload) : null;
}
