/** The help texts of the commands that read the daemons of a host. */
import type { Help } from './help.ts';

export const discover: Help = {
  description:
    'Finds the certificates that the daemons of this host serve: nginx, Apache, haproxy, Postfix, Dovecot, PostgreSQL, ' +
    'Caddy and Tomcat, and the sockets that none of them explains. Reads their configuration and files, and probes ' +
    'each endpoint. What expires first is on top. Changes nothing on the host. Run it as root.',
  after: `
Examples:
  $ certferry discover
  $ certferry discover --output targets.yaml            write a targets file too
  $ certferry discover --json

Exit codes:
  0   the host was read; the table shows what was found
  2   wrong usage, the file exists, or there is nothing to write`,
};

export const init: Help = {
  description:
    'Finds the certificates of this host as "certferry discover" does, and writes certferry.yaml with one target for ' +
    'each. Never replaces a file. Prints the next command.',
  after: `
Examples:
  $ cd /etc/certferry && certferry init
  $ certferry init --output /etc/certferry/certferry.yaml

Exit codes:
  0   the file was written
  2   wrong usage, the file exists, or no certificate was found`,
};
