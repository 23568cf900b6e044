import type { DaemonUnderContract } from '../../contract/site.ts';
import { envoyProgram, fetched, traefikProgram } from '../../peers/programs.ts';
import { apacheDaemon } from '../apache.ts';
import { caddyDaemons } from '../caddy-site.ts';
import { envoyDaemon } from '../envoy.ts';
import { haproxyDaemons } from '../haproxy-site.ts';
import { nginxDaemon } from '../nginx-site.ts';
import { traefikDaemon } from '../traefik.ts';

/**
 * A daemon whose renewals lose no handshake. `migrating`: only where the kernel hands the connections of a listener that
 * is closed to another one of the same port (net.ipv4.tcp_migrate_req, Linux 5.14,
 * https://docs.kernel.org/networking/ip-sysctl.html).
 */
export interface LoadedDaemon {
  readonly daemon: DaemonUnderContract;
  readonly migrating: boolean;
}

const asItIs = (daemon: DaemonUnderContract): LoadedDaemon => ({ daemon, migrating: false });
/** Caddy reopens its ports (SO_REUSEPORT) for every configuration, and closes the old sockets with waiting connections. */
const migrating = (daemon: DaemonUnderContract): LoadedDaemon => ({ daemon, migrating: true });

/** The daemons whose renewals must be hitless. */
export const loadedDaemons: readonly LoadedDaemon[] = [
  asItIs(nginxDaemon),
  asItIs(apacheDaemon),
  asItIs(haproxyDaemons.combined),
  asItIs(haproxyDaemons.runtime),
  migrating(caddyDaemons.file),
  migrating(caddyDaemons.loadFiles),
  migrating(caddyDaemons.loadPem),
];

/** The same for daemons without a Debian package. */
export const loadedPeers: readonly LoadedDaemon[] = [
  asItIs(traefikDaemon(traefikProgram, [fetched(traefikProgram)], 'filename')),
  asItIs(envoyDaemon(envoyProgram, [fetched(envoyProgram)], 'sds')),
];
