import { isProblem } from '../../core/drift/severity.ts';
import type { ReceivedSweepReport } from '../../core/drift/sweep-report.ts';
import { entryOfServedProblem } from '../../core/troubleshooting/entries.ts';
import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { commandLineFor } from '../options/command-line.ts';
import { refuseOptions } from '../options/option-checks.ts';
import type { OwnCommand } from '../render/next-steps.ts';
import { fold } from '../render/text.ts';
import { UsageError } from '../terminal/errors.ts';
import { notServedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { troubleshootingAddress } from '../terminal/troubleshooting.ts';
import { withBackend } from './open-backend.ts';

export interface SweepCommandOptions extends BackendOptions {
  readonly certificate?: string;
  /** False with `--no-heal`. */
  readonly heal: boolean;
}

/** `certferry sweep`: probes every endpoint now. Exit code 1 if a target has a problem. */
export async function sweep(options: SweepCommandOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'sweep');
  const { certificate, heal } = options;
  if (selection.kind === 'local') refuseOptions({ '--no-heal': !heal }, '--local: local mode never heals');
  const report = await withBackend(selection, (backend) => backend.sweep({ certificate, heal }));
  if (certificate !== undefined && isEmpty(report)) {
    throw new UsageError(`no endpoint was probed: no registered target has the certificate ${certificate}`);
  }
  const exitCode = report.targets.some(hasProblem) ? notServedExitCode : 0;
  if (options.json === true) terminal.out(JSON.stringify(report));
  else if (options.quiet !== true || exitCode !== 0) {
    for (const line of sweepLines(report, terminal, commandLineFor(options))) terminal.out(line);
  }
  return exitCode;
}

type ReceivedTarget = ReceivedSweepReport['targets'][number];

function isEmpty({ targets, more }: ReceivedSweepReport): boolean {
  return targets.length + more === 0;
}

const hasProblem = ({ condition }: ReceivedTarget) => isProblem(condition);

/** The targets with problems, then the summary. */
export function sweepLines(report: ReceivedSweepReport, terminal: Terminal, own: OwnCommand): string[] {
  const { targets, more, summary } = report;
  const { colours } = terminal;
  if (isEmpty(report)) {
    return [
      `${colours.yellow('!')} no endpoint was probed: no target is registered. With --local, "certferry deploy" and ` +
        '"certferry rollout" register their targets. For a stack, use "certferry targets apply".',
    ];
  }
  const problems = targets.filter(hasProblem);
  const sign = problems.length === 0 ? colours.green('✔') : colours.red('✖');
  return [
    ...problems.flatMap((one) => [...problemLines(one, terminal, own), '']),
    ...(more > 0 ? [`${more} more targets were probed and are not listed.`, ''] : []),
    `${sign} ${summary}`,
    ...(problems.length === 0 ? [] : [`Troubleshooting: ${troubleshootingAddress(entryOfServedProblem)}`]),
  ];
}

/** The next step for each condition that a sweep reports as a problem. */
const steps: Readonly<Record<string, string>> = {
  drift: 'Find out which process or person changed it. Then install the registered version again:',
  outdated: 'Install the current version:',
  never_deployed: 'Deploy to it for the first time:',
  chain_incomplete: 'Set certPath to the file with leaf and chain. Then deploy again:',
  expired: 'Renew the certificate. Then deploy it:',
  expiring: 'Renew the certificate. Then deploy it:',
  unreachable: 'Check that the daemon runs and listens there. To see its last deployments:',
};

function problemLines(
  { targetId, certificate, condition, summary, healing, notHealed }: ReceivedTarget,
  { colours, width }: Terminal,
  own: OwnCommand,
): string[] {
  const action = healing ? 'healing: a rollout was started' : `not healed: ${notHealed}`;
  const command =
    condition === 'unreachable'
      ? `history --target ${targetId}`
      : `rollout --certificate ${certificate} --repeat`;
  const step = healing ? undefined : steps[condition];
  const bundle =
    own('sweep').includes('--local') && condition !== 'unreachable'
      ? ' --targets FILE --cert FILE --key FILE'
      : '';
  return [
    `${colours.red('✖')} ${colours.bold(targetId)}  ${condition.replaceAll('_', ' ')}  ${colours.dim(certificate)}`,
    ...[summary, action, ...(step === undefined ? [] : [step])]
      .flatMap((text) => fold(text, width - 2))
      .map((line) => `  ${line}`),
    ...(step === undefined ? [] : [`    ${own(`${command}${bundle}`)}`]),
  ];
}
