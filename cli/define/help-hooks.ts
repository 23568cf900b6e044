/** The help texts of `certferry hook`. */
import type { Help } from './help.ts';

export const hook: Help = {
  description:
    'Deploys a renewed certificate to the targets on this machine whose certificate has one of its names. Renewal tools run ' +
    'it. Prints nothing after a success, and also if nothing changed.',
  after: `
Examples:
  $ certferry hook install certbot --targets /etc/certferry/targets.yaml
  $ certferry hook --targets /etc/certferry/targets.yaml /etc/letsencrypt/live/example.com

Exit codes:
  0    the targets serve the certificate, or no target has its names
  2    wrong usage, or unreadable input
  10+  as for certferry deploy; a paragraph on standard error has the reason and the next step`,
};

export const install: Help = {
  description:
    'Writes the hook of a renewal tool, and prints what remains to be done. Replaces only files that certferry wrote.',
  after: `
Examples:
  $ certferry hook install certbot --targets /etc/certferry/targets.yaml
  $ certferry hook install systemd /etc/letsencrypt/live/example.com --targets /etc/certferry/targets.yaml
  $ certferry hook install lego --targets /etc/certferry/targets.yaml --dry-run`,
};

export const remove: Help = {
  description: 'Removes the files that "certferry hook install" wrote.',
  after: `
Example:
  $ certferry hook remove certbot`,
};
