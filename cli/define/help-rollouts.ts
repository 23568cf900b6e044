/** The texts of `--help` of the commands for fleets. */
import type { Help } from './help.ts';

const rolloutExitCodes = `
Exit codes:
  0   finished, already_rolled_out or superseded
  2   wrong usage, or input that cannot be read
  10  refused                 nothing was started
  13  rolled_back             everything it changed is back, verified
  14  rollback_incomplete     some targets could not be put back: a person is needed
  15  lost                    its execution broke off without recording an outcome
  17  finished_with_failures  every target was reached; some failed, within what is tolerated
  18  halted                  no further deployment begins; what was changed stays`;

export const rollout: Help = {
  description:
    'Carries one version of a certificate to all its targets, in waves: first one target, then a tenth, then all, unless ' +
    'the certificate or the options say otherwise. More failures than are tolerated halt it: no further deployment ' +
    'begins, and what was changed stays, or is put back (--on-halt rollback), newest wave first and verified. ' +
    'With --stack the version is the one that the source of the certificate has now, unless --version says another one: an ' +
    'older one takes the fleet back to it.',
  after: `
Examples:
  Many servers on this machine:
  $ certferry rollout --local --targets targets.yaml --certificate api.example.com \\
      --cert fullchain.pem --key privkey.pem --waves 1,10%,100% --tolerated-failures 5%

  What the source of the certificate has now, in an account; a person is asked after the first wave:
  $ certferry rollout --stack Certferry --certificate api.example.com --approval-after-wave 1

  Back to the version before, which the source still has:
  $ certferry rollout --stack Certferry --certificate api.example.com --version sha256:…

  One that was halted, once the cause is gone; on this machine the same bundle is needed again:
  $ certferry rollout --stack Certferry --resume ROLLOUT
  $ certferry rollout --local --resume ROLLOUT --cert fullchain.pem --key privkey.pem

Ctrl-C halts a rollout on this machine: deployments that have begun are finished. One in an account goes on; watch it
again with --follow, or halt it with "certferry halt".
${rolloutExitCodes}`,
};

export const rollouts: Help = {
  description: 'Lists rollouts, the latest first, with the state each one is in.',
  after: `
Examples:
  $ certferry rollouts --local
  $ certferry rollouts --stack Certferry --certificate api.example.com --json`,
};

export const halt: Help = {
  description:
    'Lets no further deployment of a rollout begin. Deployments that have begun are finished and verified. It can be ' +
    'resumed later.',
  after: `
Examples:
  $ certferry halt --stack Certferry ROLLOUT --reason "customers see errors"

  And put back what it has changed; and the same of one that was halted before:
  $ certferry halt --stack Certferry ROLLOUT --roll-back
  $ certferry rollout --stack Certferry --resume ROLLOUT --roll-back

Exit codes:
  0   it is halted
  2   there is no such rollout, or it has ended; with --roll-back also: it was halted before, or superseded`,
};

export const approve: Help = {
  description: 'Lets a rollout go on that asks a person after a wave (--approval-after-wave); or halts it.',
  after: `
Examples:
  $ certferry approve --stack Certferry ROLLOUT
  $ certferry approve --local ROLLOUT --reject --by ada

Exit codes:
  0   it has the answer
  2   it does not ask: it was answered, it has ended, or it never did`,
};

export const sweep: Help = {
  description:
    'Looks at the endpoint of every registered target, from where the stack looks (or from this machine), and says which ' +
    'serve something else than what should be there, are behind, unreachable or expire soon. Targets with autoHeal are ' +
    'deployed to again by a stack.',
  after: `
Examples:
  $ certferry sweep --stack Certferry
  $ certferry sweep --local --certificate api.example.com --json

Exit codes:
  0   every target is as it should be
  1   one is not
  2   wrong usage`,
};

export const targets: Help = {
  description:
    'What is registered in a stack: the targets, and the certificates with their sources. "apply" registers what a targets ' +
    "file has and leaves everything else alone; what the stack's own code registered is never touched from here.",
  after: `
Examples:
  $ certferry targets list --stack Certferry
  $ certferry targets apply targets.yaml --stack Certferry --dry-run
  $ certferry targets remove web-1 --stack Certferry
  $ certferry targets remove-certificate api.example.com --stack Certferry`,
};

export const doctor: Help = {
  description:
    'Looks at everything that a rollout needs: the stack and its parts, the sources of certificates (what describes them, ' +
    'never their keys), the hosts and their SSM Agent, events that nobody could handle, failed deployments, expiry, and ' +
    'whether anybody hears of it. Changes nothing.',
  after: `
Example:
  $ certferry doctor --stack Certferry --region eu-west-1 --profile production

Exit codes:
  0   all is well
  1   there is something to do; it says what
  2   wrong usage, or no such stack`,
};
