import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import { type FinishedDeployment, interrupted } from '../report/deployment-report.ts';

/** A command line of ours that a person can copy, with the place it works in. */
export type OwnCommand = (words: string) => string;

type Advice = (finished: FinishedDeployment, own: OwnCommand) => string[];

const nothing: Advice = () => [];

/** What a person does next after each outcome, one line a step. */
const advice: Readonly<Record<DeploymentOutcome, Advice>> = {
  deployed: nothing,
  unchanged: nothing,
  validated: nothing,
  validate_unsupported: () => ['Give the target a validateCommand, and a dry run can ask the daemon.'],
  deployed_unverified: () => ['Nobody looked at the endpoint: replace "verify: none" in the targets file.'],
  superseded: () => ['Nothing to do: the later request is what stays.'],
  skipped: () => ['Its rollout was halted: resume it, or roll out again.'],
  rejected: ({ output }) => [
    output.reason === interrupted
      ? 'Nothing was touched. Deploy to it again.'
      : 'Nothing was touched. Correct what is named above and deploy again.',
  ],
  validate_failed: () => ['The live files were not touched. Correct what the daemon complains of.'],
  reload_failed: (finished, own) => [
    'What was there before is back and reloaded. The reload command may say more when run by hand.',
    look(finished, own),
  ],
  rolled_back: (finished, own) => [
    'What was there before is back. The reload worked, but the new leaf was not served: look for another',
    'process on the port, a worker that did not restart, or another server block that answers the name.',
    look(finished, own),
    ...probe(finished, own),
  ],
  rollback_failed: repairSteps,
  lost: (finished, own) => [
    'The next deployment to this host completes or undoes what was left. See what is served now:',
    ...probe(finished, own),
    look(finished, own),
  ],
  lock_unavailable: ({ target }, own) => [
    'Another deployment held the target. See which, and deploy again:',
    `  ${own(`history --target ${target.id}`)}`,
  ],
};

/** The steps after one target's end; empty when there is nothing to do. */
export function nextSteps(finished: FinishedDeployment, own: OwnCommand): string[] {
  return advice[finished.output.outcome](finished, own);
}

function look({ executionName }: FinishedDeployment, own: OwnCommand): string {
  return `  ${own(`inspect ${executionName ?? 'last'}`)}`;
}

function probe({ target: { verify } }: FinishedDeployment, own: OwnCommand): string[] {
  if (verify === 'none') return [];
  const name = verify.serverName === undefined ? '' : ` --server-name ${verify.serverName}`;
  const protocol = verify.protocol === 'tls' ? '' : ` --protocol ${verify.protocol}`;
  return [`  ${own(`probe ${verify.endpoint}${name}${protocol}`)}`];
}

/** Paths and commands word for word: whoever reads this is in a hurry, and copies. */
function repairSteps(finished: FinishedDeployment, own: OwnCommand): string[] {
  const { repair } = finished.output;
  const files = (repair?.files ?? []).map(({ path, backup }) =>
    backup === null
      ? `  ${path}: it did not exist before; remove it`
      : `  ${path}: its old bytes are in ${backup}`,
  );
  const commands = (repair?.commands ?? []).map((command) => `  ${command}`);
  return [
    'A PERSON IS NEEDED: the host could not be put back.',
    ...(files.length > 0 ? ['The files, and where their old bytes are:', ...files] : []),
    ...(commands.length > 0 ? ['Run on the host, in this order:', ...commands] : []),
    'Then see what is served, and what happened:',
    ...probe(finished, own),
    look(finished, own),
  ];
}
