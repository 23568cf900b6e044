import type { Daemon } from '../found.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { dovecot } from './dovecot.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import { postfix } from './postfix.ts';
import { postgresql } from './postgresql.ts';
import { tomcat } from './tomcat.ts';

/** The daemons whose configuration discovery reads. */
export const daemons: readonly Daemon[] = [
  nginx,
  apache,
  haproxy,
  postfix,
  dovecot,
  postgresql,
  caddy,
  tomcat,
];
