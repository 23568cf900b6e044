import type { SweepReport, SweptTarget } from '../../services/backend/backend.ts';
import { type PlaceOptions, placeOf, refuseOptions } from '../options/backend-options.ts';
import { fold } from '../render/text.ts';
import { UsageError } from '../terminal/errors.ts';
import { notServedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withPlace } from './open-backend.ts';

export interface SweepCommandOptions extends PlaceOptions {
  readonly certificate?: string;
  /** False with `--no-heal`. */
  readonly heal: boolean;
}

/** `certferry sweep`: looks at every endpoint now. Exit code 1 unless all of them are as they should be. */
export async function sweep(options: SweepCommandOptions, terminal: Terminal): Promise<number> {
  const place = placeOf(options, 'sweep');
  const { certificate, heal } = options;
  if (place.kind === 'local') refuseOptions({ '--no-heal': !heal }, '--local: nothing is healed here');
  const report = await withPlace(place, (there) => there.sweep({ certificate, heal }));
  if (certificate !== undefined && looksEmpty(report)) {
    throw new UsageError(`no registered target has the certificate ${certificate}: nothing was looked at`);
  }
  if (options.json === true) terminal.out(JSON.stringify(report));
  else for (const line of sweepLines(report, terminal)) terminal.out(line);
  return report.targets.some(isWrong) ? notServedExitCode : 0;
}

function looksEmpty({ targets, more }: SweepReport): boolean {
  return targets.length + more === 0;
}

/** What asks for nothing: of what is `not_probed` nobody knows that anything is wrong. */
const fine = new Set(['ok', 'not_probed']);
const isWrong = ({ condition }: SweptTarget) => !fine.has(condition);

/** What a person reads of a sweep: what is wrong, then how many are right. */
export function sweepLines(report: SweepReport, terminal: Terminal): string[] {
  const { targets, more, summary } = report;
  const { colours } = terminal;
  if (looksEmpty(report)) {
    return [
      `${colours.yellow('!')} nothing was looked at: no target is registered. "certferry deploy" and "certferry rollout" with --local ` +
        'register those they go to, "certferry targets apply" those of a stack.',
    ];
  }
  const wrong = targets.filter(isWrong);
  const sign = wrong.length === 0 ? colours.green('✔') : colours.red('✖');
  return [
    ...wrong.flatMap((one) => [...wrongLines(one, terminal), '']),
    ...(more > 0 ? [`${more} more targets were looked at and are not listed.`, ''] : []),
    `${sign} ${summary}`,
  ];
}

function wrongLines(
  { targetId, certificate, condition, summary, healing, notHealed }: SweptTarget,
  { colours, width }: Terminal,
): string[] {
  const done = healing ? 'it is deployed to again' : `nothing is done about it: ${notHealed}`;
  return [
    `${colours.red('✖')} ${colours.bold(targetId)}  ${condition.replaceAll('_', ' ')}  ${colours.dim(certificate)}`,
    ...[summary, done].flatMap((text) => fold(text, width - 2)).map((line) => `  ${line}`),
  ];
}
