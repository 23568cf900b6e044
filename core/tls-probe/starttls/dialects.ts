import type { ProbeProtocol } from '../../targets/kinds/probe-protocol.ts';
import type { Dialect } from './conversation.ts';
import { imap } from './imap.ts';
import { ldap } from './ldap.ts';
import { mysql } from './mysql.ts';
import { pop3 } from './pop3.ts';
import { postgres } from './postgres.ts';
import { sieve } from './sieve.ts';
import { smtp } from './smtp.ts';

/** How TLS begins, by protocol. A new one is a file beside these and a line here. */
export const dialects: Readonly<Record<ProbeProtocol, Dialect | null>> = {
  tls: null,
  smtp,
  imap,
  pop3,
  postgres,
  ldap,
  mysql,
  sieve,
};
