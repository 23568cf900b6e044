import type { ProbeProtocol } from '../../targets/kinds/probe-protocol.ts';
import type { Dialect } from './conversation.ts';
import { imap } from './imap.ts';
import { ldap } from './ldap.ts';
import { mysql } from './mysql.ts';
import { pop3 } from './pop3.ts';
import { postgres } from './postgres.ts';
import { sieve } from './sieve.ts';
import { smtp } from './smtp.ts';

/** The STARTTLS dialects by protocol. A new protocol needs a file beside these and a row here. */
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
