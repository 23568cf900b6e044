import { isProblem } from '../../core/drift/severity.ts';
import type { ReceivedSweepReport } from '../../core/drift/sweep-report.ts';
import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { refuseOptions } from '../options/option-checks.ts';
import { fold } from '../render/text.ts';
import { UsageError } from '../terminal/errors.ts';
import { notServedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
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
    for (const line of sweepLines(report, terminal)) terminal.out(line);
  }
  return exitCode;
}

type ReceivedTarget = ReceivedSweepReport['targets'][number];

function isEmpty({ targets, more }: ReceivedSweepReport): boolean {
  return targets.length + more === 0;
}

const hasProblem = ({ condition }: ReceivedTarget) => isProblem(condition);

/** The targets with problems, then the summary. */
export function sweepLines(report: ReceivedSweepReport, terminal: Terminal): string[] {
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
    ...problems.flatMap((one) => [...problemLines(one, terminal), '']),
    ...(more > 0 ? [`${more} more targets were probed and are not listed.`, ''] : []),
    `${sign} ${summary}`,
  ];
}

function problemLines(
  { targetId, certificate, condition, summary, healing, notHealed }: ReceivedTarget,
  { colours, width }: Terminal,
): string[] {
  const action = healing ? 'healing: a rollout was started' : `not healed: ${notHealed}`;
  return [
    `${colours.red('✖')} ${colours.bold(targetId)}  ${condition.replaceAll('_', ' ')}  ${colours.dim(certificate)}`,
    ...[summary, action].flatMap((text) => fold(text, width - 2)).map((line) => `  ${line}`),
  ];
}
