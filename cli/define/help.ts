/** The help text of certferry itself. */

export const about =
  'Deploys renewed TLS certificates to hosts, verifies that they are served, and rolls back if they are not.';

export const program = `
Start with:
  $ certferry demo                       run deployments, a renewal in waves and rollbacks on this machine, in a minute
  $ certferry init                       write certferry.yaml for the certificates of this host
  $ certferry help deploy                show the options and examples of a command

Backends: --local works on this machine, --stack NAME on a certferry stack in AWS.

Documentation: README.md, docs/cli.md`;

/** The text that `--help` prints before and after the options. */
export interface Help {
  readonly description: string;
  readonly after: string;
}
