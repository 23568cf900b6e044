/** The help texts of the commands for deployments. */
import type { Help } from './help.ts';

const deploymentExitCodes = `
Exit codes:
  0   deployed, deployed_unverified, unchanged, validated, validate_unsupported, superseded or gone
  2   wrong usage, or unreadable input
  9   deployed_unprobed   the new version is installed, but its probe could not be made: check the endpoint
  10  rejected            refused or interrupted; nothing was changed
  11  validate_failed     the daemon rejected the new files; the live files were not changed
  12  reload_failed       the reload failed; the previous files were restored and reloaded
  13  rolled_back         the new certificate was not served; the previous version is live again
  14  rollback_failed     the previous version could not be restored: manual action required
  14  rolled_back_unverified
                          the previous version is restored, but the endpoint does not verifiably serve it:
                          manual action required
  15  lost                the outcome on the host is unknown
  16  lock_unavailable    another deployment held the lock of the target too long
With several targets, the highest code counts.`;

export const deploy: Help = {
  description:
    'Deploys one version of a certificate to its targets, at most eight at once. An invalid bundle is rejected before ' +
    'any file is changed. On each target, the daemon validates the new files, the files are replaced and the daemon ' +
    'reloads. Then the endpoint is probed until it serves the new leaf. If it does not, the previous files are restored ' +
    'and verified. Maintenance windows are ignored.',
  after: `
Examples:
  Deploy to all targets of a certificate:
  $ certferry deploy --local --targets targets.yaml --certificate api.example.com \\
      --cert fullchain.pem --key privkey.pem

  Deploy the current version of a stack to a repaired target:
  $ certferry deploy --stack Certferry --certificate api.example.com --target web-1

  Validate the files on one target, and change nothing:
  $ certferry deploy --local --targets targets.yaml --certificate api.example.com \\
      --cert fullchain.pem --key privkey.pem --target web-1 --dry-run

  Deploy a PKCS#12 file in a script:
  $ certferry deploy --local --targets targets.yaml --certificate api.example.com \\
      --cert bundle.p12 --passphrase-file /run/secrets/p12 --json
${deploymentExitCodes}`,
};

export const rollback: Help = {
  description:
    'Returns a target to its previous version. A rollback is a deployment: it is validated, reloaded and verified, and it ' +
    'is itself rolled back if the endpoint does not serve the previous leaf. Maintenance windows are ignored.',
  after: `
Examples:
  $ certferry rollback --local --targets targets.yaml --target web-1
  $ certferry rollback --stack Certferry --target web-1
${deploymentExitCodes}`,
};

export const history: Help = {
  description:
    'Lists the deployments of a state folder or a stack, the latest first: the last 100, or all deployments of a rollout. ' +
    'Times are in the zone of this machine; --json has UTC.',
  after: `
Examples:
  $ certferry history --local
  $ certferry history --local --target web-1 --json
  $ certferry history --local --since 7d --limit 20
  $ certferry history --stack Certferry --target web-1
  $ certferry history --stack Certferry --certificate api.example.com
  $ certferry history --stack Certferry --rollout ROLLOUT`,
};

export const inspect: Help = {
  description:
    'Draws the execution graph of a deployment or rollout: each visited state with its duration, result and retries, and ' +
    'what the host serves now.',
  after: `
Examples:
  $ certferry inspect --local last
  $ certferry inspect --local last --all                also list what was never entered
  $ certferry inspect --local last --html last.html     write a page with graph, timeline, inputs and outputs
  $ certferry inspect --local EXECUTION --json          "certferry history --local" lists the names
  $ certferry inspect --stack Certferry ROLLOUT`,
};
