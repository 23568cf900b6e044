/** The help texts of the commands for rollouts and stacks. */
import type { Help } from './help.ts';

const rolloutExitCodes = `
Exit codes:
  0   finished, already_rolled_out or superseded
  2   wrong usage, or unreadable input
  10  refused                 nothing was started
  13  rolled_back             everything that the rollout changed was rolled back and verified
  14  rollback_incomplete     some targets could not be rolled back: manual action required
  15  lost                    the execution ended without a recorded outcome
  17  finished_with_failures  every target was reached; the failures are within the tolerated limit
  18  halted                  no further deployments start; changed targets keep the new version`;

export const rollout: Help = {
  description:
    'Deploys one version of a certificate to all its targets in waves. The default is one target, then 10%, then all; the ' +
    'certificate and the options can change it. If more deployments fail than tolerated, the rollout halts: it starts ' +
    'no further deployments. Changed targets keep the new version, or are rolled back with --on-halt rollback. With ' +
    '--stack, the version is the latest one of the source; --to selects another one, such as the previous version.',
  after: `
Examples:
  Roll out to many servers on this machine:
  $ certferry rollout --local --targets targets.yaml --certificate api.example.com \\
      --cert fullchain.pem --key privkey.pem --waves 1,10%,100% --tolerated-failures 5%

  Roll out the latest version of the source; wait for approval after the first wave:
  $ certferry rollout --stack Certferry --certificate api.example.com --approval-after-wave 1

  Return to the previous version, which the source still has:
  $ certferry rollout --stack Certferry --certificate api.example.com --to sha256:…

  Resume a halted rollout after you removed the cause; local mode needs the bundle again:
  $ certferry rollout --stack Certferry --resume ROLLOUT
  $ certferry rollout --local --resume ROLLOUT --cert fullchain.pem --key privkey.pem

Ctrl-C halts a rollout of local mode: running deployments finish. A rollout of a stack continues after Ctrl-C; follow it
again with --follow, or halt it with "certferry halt".
${rolloutExitCodes}`,
};

export const rollouts: Help = {
  description: 'Lists rollouts with their states, the latest first.',
  after: `
Examples:
  $ certferry rollouts --local
  $ certferry rollouts --stack Certferry --certificate api.example.com --json`,
};

export const halt: Help = {
  description:
    'Stops a rollout: no further deployments start. Running deployments finish and are verified. You can resume the ' +
    'rollout later.',
  after: `
Examples:
  $ certferry halt --stack Certferry ROLLOUT --reason "customers see errors"

  Halt a rollout and roll back what it changed; roll back a rollout that was halted before:
  $ certferry halt --stack Certferry ROLLOUT --rollback
  $ certferry rollout --stack Certferry --resume ROLLOUT --rollback

Exit codes:
  0   the rollout is halted
  2   the rollout does not exist, or has ended; with --rollback also: it was halted before, or superseded`,
};

export const approve: Help = {
  description: 'Approves or rejects a rollout that waits after a wave (--approval-after-wave).',
  after: `
Examples:
  $ certferry approve --stack Certferry ROLLOUT
  $ certferry approve --local ROLLOUT --reject --by ada

Exit codes:
  0   the rollout has the decision
  2   the rollout does not wait for a decision`,
};

export const status: Help = {
  description:
    'Shows every registered target on each of its hosts: the installed version, its expiry, the last deployment, and what is ' +
    'wrong. The most urgent comes first. The command reads records; with --probe it also probes every endpoint.',
  after: `
Examples:
  $ certferry status --local
  $ certferry status --stack Certferry --probe
  $ certferry status --stack Certferry --html status.html
  $ certferry status --local --prometheus /var/lib/prometheus/node-exporter/certferry.prom

Exit codes:
  0   no target needs action
  1   a target needs action
  2   wrong usage, or unreadable input`,
};

export const sweep: Help = {
  description:
    'Probes the endpoint of every registered target once, from the stack or from this machine. Reports targets that do not ' +
    'serve the expected certificate, are outdated or unreachable, or expire soon. A stack deploys again to targets with ' +
    'autoHeal.',
  after: `
Examples:
  $ certferry sweep --stack Certferry
  $ certferry sweep --local --certificate api.example.com --json

Exit codes:
  0   no target has a problem
  1   a target has a problem
  2   wrong usage`,
};

export const warm: Help = {
  description:
    'Lets hosts fetch and check the agent and its runtime (about 45 MB), and starts no job. The first deployment then starts at ' +
    'once, also on a slow connection. Without a selection: the hosts of all registered targets.',
  after: `
A rollout warms the hosts of a wave by itself if they lack the current version.

Examples:
  $ certferry warm --stack Certferry
  $ certferry warm --stack Certferry --target web --host i-0123456789abcdef0
  $ certferry warm --stack Certferry --tag role=web --tag stage=production

Exit codes:
  0   all hosts have the agent and its runtime
  1   a host does not
  2   wrong usage`,
};

export const targets: Help = {
  description:
    'Manages the registry: the targets, and the certificates with their sources. "apply" registers the content of a targets ' +
    'file in a stack and keeps all other registrations. Registrations from the code of the stack are never changed. In local ' +
    'mode, deploy and rollout register their targets; "list" lists them, and "remove" ends their part in the sweep.',
  after: `
Examples:
  $ certferry targets list --stack Certferry
  $ certferry targets apply targets.yaml --stack Certferry --dry-run
  $ certferry targets remove web-1 --stack Certferry
  $ certferry targets remove-certificate api.example.com --stack Certferry
  $ certferry targets list --local
  $ certferry targets remove web-1 --local`,
};

export const doctor: Help = {
  description:
    'With --stack, checks everything that a rollout needs: the stack and its parts, the sources of certificates (never their keys), the ' +
    'hosts and their SSM Agent, dead-letter queues, failed deployments, expiry and subscribers of messages. With --hosts, ' +
    'it also checks on each host what no API reports: disk, memory, C library, clock, S3, credentials and daemons. ' +
    'With --local, it checks this machine: state folder, keys, disk, clock, container, renewal hooks, and for each target its ' +
    'daemon, paths and certificate. It runs the check of each daemon, such as nginx -t. It deploys nothing and changes no file ' +
    'of a target.',
  after: `
Examples:
  $ certferry doctor --stack Certferry --region eu-west-1 --profile production
  $ certferry doctor --stack Certferry --hosts
  $ certferry doctor --local
  $ certferry doctor --local --targets targets.yaml       before the first deployment

Exit codes:
  0   no check failed; some may have had nothing to check
  1   a check failed; it prints the next step
  2   wrong usage, or no such stack`,
};
