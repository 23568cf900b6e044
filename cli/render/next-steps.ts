import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import { type FinishedDeployment, interrupted } from '../report/deployment-report.ts';

/** Returns a certferry command line to copy, with the options of the backend (`--local` or `--stack`). */
export type OwnCommand = (command: string) => string;

type Advice = (finished: FinishedDeployment, own: OwnCommand) => string[];

const nothing: Advice = () => [];

/** The next steps after each outcome, one line for each. */
const advice: Readonly<Record<DeploymentOutcome, Advice>> = {
  deployed: nothing,
  unchanged: nothing,
  validated: nothing,
  validate_unsupported: () => ['To let a dry run ask the daemon, add a validateCommand to the target.'],
  deployed_unverified: () => ['The endpoint was not probed: replace "verify: none" in the targets file.'],
  superseded: () => ['Nothing to do: a later deployment has replaced this one.'],
  skipped: () => ['The rollout was halted: resume it, or start a new rollout.'],
  rejected: ({ output }) => [
    output.reason === interrupted
      ? 'No file was changed. Deploy to the target again.'
      : 'No file was changed. Correct the error above and deploy again.',
  ],
  validate_failed: () => ['The live files were not changed. Correct the error that the daemon reports.'],
  reload_failed: (finished, own) => [
    'The previous files are restored and reloaded. Run the reload command on the host for details.',
    inspect(finished, own),
  ],
  rolled_back: (finished, own) => [
    'The previous files are restored. The reload succeeded, but the endpoint did not serve the new leaf.',
    'Check for another process on the port, a worker that did not restart, or a second server block for the name.',
    inspect(finished, own),
    ...probe(finished, own),
  ],
  rolled_back_unverified: (finished, own) => [
    'MANUAL ACTION REQUIRED: the previous files are restored, but the endpoint does not verifiably serve the previous leaf.',
    'Check that the service is up, and what it serves:',
    ...probe(finished, own),
    inspect(finished, own),
  ],
  rollback_failed: repairSteps,
  lost: (finished, own) => [
    'The next deployment to this host completes or undoes the interrupted change. To show what is served now:',
    ...probe(finished, own),
    inspect(finished, own),
  ],
  lock_unavailable: ({ target }, own) => [
    'Another deployment held the lock of the target. List the deployments, then deploy again:',
    `  ${own(`history --target ${target.id}`)}`,
  ],
};

/** The next steps for one target; empty when there is nothing to do. */
export function nextSteps(finished: FinishedDeployment, own: OwnCommand): string[] {
  return advice[finished.output.outcome](finished, own);
}

function inspect({ executionName }: FinishedDeployment, own: OwnCommand): string {
  return `  ${own(`inspect ${executionName ?? 'last'}`)}`;
}

function probe({ target: { verify } }: FinishedDeployment, own: OwnCommand): string[] {
  if (verify === 'none') return [];
  const name = verify.serverName === undefined ? '' : ` --server-name ${verify.serverName}`;
  const protocol = verify.protocol === 'tls' ? '' : ` --protocol ${verify.protocol}`;
  return [`  ${own(`probe ${verify.endpoint}${name}${protocol}`)}`];
}

/** Paths and commands in full, so that an operator can copy them. */
function repairSteps(finished: FinishedDeployment, own: OwnCommand): string[] {
  const { repair } = finished.output;
  const files = (repair?.files ?? []).map(({ path, backup }) =>
    backup === null
      ? `  ${path}: did not exist before this deployment; remove it`
      : `  ${path}: the previous content is in ${backup}`,
  );
  const commands = (repair?.commands ?? []).map((command) => `  ${command}`);
  return [
    'MANUAL ACTION REQUIRED: the previous files could not be restored.',
    ...(files.length > 0 ? ['Restore these files:', ...files] : []),
    ...(commands.length > 0 ? ['Run on the host, in this order:', ...commands] : []),
    'Then check what is served, and show the execution:',
    ...probe(finished, own),
    inspect(finished, own),
  ];
}
