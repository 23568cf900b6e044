/** The texts of `--help`: what a command does and promises, examples to copy, exit codes. */

export const about =
  'Carries renewed TLS certificates to the servers that must serve them, proves that they are served, and ' +
  'puts the old ones back when they are not.';

export const program = `
Begin with:
  $ certferry demo                       deployments, a renewal in waves, rollbacks, on this machine, in under a minute
  $ certferry help deploy                every command has examples

Where: --local works on this machine, --stack NAME on a certferry stack in AWS.

Documentation: README.md, docs/cli.md`;

/** What `--help` says before and after the options. */
export interface Help {
  readonly description: string;
  readonly after: string;
}

const deploymentExitCodes = `
Exit codes:
  0   deployed, deployed_unverified, unchanged, validated, validate_unsupported or superseded
  2   wrong usage, or input that cannot be read
  10  rejected            a bad bundle or a bad request; nothing was touched
  11  validate_failed     the daemon refused the new bytes; the live files were not touched
  12  reload_failed       the old files are back and reloaded
  13  rolled_back         the new certificate was not served; the old one is back
  14  rollback_failed     the host could not be put back: a person is needed
  15  lost                the host did not say how it ended
  16  lock_unavailable    another deployment held the target for too long
With several targets, the highest of them.`;

export const deploy: Help = {
  description:
    'Carries one version of a certificate to its targets, at most eight at a time. The bundle is read and judged ' +
    'first: a bad one is refused before anything is touched. Then for each target: the daemon judges the new bytes ' +
    'in private, the files are exchanged, the daemon reloads, and the endpoint is looked at until it serves the new ' +
    'leaf; when it does not, the old files are put back and looked for in turn. It waits for no maintenance window.',
  after: `
Examples:
  All targets of a certificate:
  $ certferry deploy --local --targets targets.yaml --certificate api.example.com \\
      --cert fullchain.pem --key privkey.pem

  In an account: the current version of the certificate, to a target that was repaired:
  $ certferry deploy --stack Certferry --certificate api.example.com --target web-1

  One target, and only to see whether its daemon would accept it:
  $ certferry deploy --local --targets targets.yaml --certificate api.example.com \\
      --cert fullchain.pem --key privkey.pem --target web-1 --dry-run

  A PKCS#12 file, for a script:
  $ certferry deploy --local --targets targets.yaml --certificate api.example.com \\
      --cert bundle.p12 --passphrase-file /run/secrets/p12 --json
${deploymentExitCodes}`,
};

export const rollback: Help = {
  description:
    'Goes back to the version before the one installed, as a deployment of its own: validated, reloaded, verified ' +
    'on the endpoint, and itself undone when the older certificate is not served. It waits for no maintenance window.',
  after: `
Example:
  $ certferry rollback --local --targets targets.yaml --target web-1
  $ certferry rollback --stack Certferry --target web-1
${deploymentExitCodes}`,
};

export const history: Help = {
  description:
    'Lists the deployments of a state folder or of a stack, the latest first: the last hundred, or all those of one rollout.',
  after: `
Examples:
  $ certferry history --local
  $ certferry history --local --target web-1 --json
  $ certferry history --stack Certferry --target web-1
  $ certferry history --stack Certferry --certificate api.example.com
  $ certferry history --stack Certferry --rollout ROLLOUT`,
};

export const inspect: Help = {
  description:
    'Draws the execution graph of one deployment or rollout: every state visited from top to bottom, how long it took, what it ' +
    'said, what was tried again and which ways were not taken.',
  after: `
Examples:
  $ certferry inspect --local last
  $ certferry inspect --local last --html last.html     a page: the graph, a timeline, inputs and outputs
  $ certferry inspect --local EXECUTION --json          names are in "certferry history --local"
  $ certferry inspect --stack Certferry ROLLOUT`,
};

export const check: Help = {
  description:
    'Reads a bundle as a deployment would: puts the chain in order, matches the key to the leaf, and says what is ' +
    'wrong, or what is in it: names, expiry, chain, fingerprint, warnings. Nothing is sent or written.',
  after: `
Examples:
  $ certferry check bundle.pem
  $ certferry check fullchain.pem --key privkey.pem
  $ certferry check bundle.p12 --passphrase-file passphrase.txt --json

Exit codes:
  0   fit to be deployed (there may be warnings)
  2   wrong usage, or a file that cannot be read
  10  not fit; the error says why`,
};

export const probe: Help = {
  description:
    'Asks an endpoint what it serves: every address its name resolves to, TLS at once or after STARTTLS. With ' +
    '--expect, the exit code says whether every address serves that leaf.',
  after: `
Examples:
  $ certferry probe example.com:443
  $ certferry probe 10.0.0.7:443 --server-name api.example.com
  $ certferry probe mail.example.com:587 --protocol smtp --json
  $ certferry probe 10.0.0.7:443 --server-name api.example.com --expect sha256:… && echo it is there

Exit codes:
  0   every address answered (and, with --expect, serves that leaf)
  1   an address did not answer, or serves another leaf
  2   wrong usage`,
};

export const schema: Help = {
  description:
    'Prints the JSON Schema of a targets file; with a kind, of one target of that kind. Editors complete and check a ' +
    'targets file with it.',
  after: `
Examples:
  $ certferry schema > targets.schema.json              then, as the first line of targets.yaml:
                                                        # yaml-language-server: $schema=targets.schema.json
  $ certferry schema nginx`,
};

export const demo: Help = {
  description:
    'Shows certferry at work, with a throwaway certificate authority and a small TLS server in a scratch folder: a first ' +
    'deployment, a renewal, a version whose reload succeeds but which is not served (probed, rolled back, the old ' +
    'one verified again), a bad bundle refused, and a renewal of five hosts in waves that is halted and put back. Needs ' +
    'no root and no daemon; takes less than a minute.',
  after: `
Examples:
  $ certferry demo
  $ certferry demo --daemon nginx                       the first scenes on the nginx found in PATH, with its own config and port
  $ certferry demo --keep                               keep the folder, and inspect its executions afterwards

Exit codes:
  0   everything went as described
  1   something did not; the demo says what
  2   wrong usage`,
};
