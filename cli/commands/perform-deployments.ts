import type { Target } from '../../core/targets/target.ts';
import type { BackendOptions } from '../options/backend-options.ts';
import { commandLineFor } from '../options/command-line.ts';
import { type Progress, progressFor } from '../render/progress.ts';
import { summaryLines } from '../render/summary.ts';
import {
  type AtLeastOne,
  exitCodeOf,
  type FinishedDeployment,
  reportOf,
} from '../report/deployment-report.ts';
import { interruptedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { deployToTargets, type RunDeployment } from './deploy-to-targets.ts';

interface Printing {
  readonly options: BackendOptions;
  readonly terminal: Terminal;
  /** Warnings about the bundle that are already printed; the report of each target omits them. */
  readonly printed?: readonly string[];
}

/** Deploys to the targets, shows the progress and prints the report. Returns the exit code. */
export async function performDeployments(
  targets: AtLeastOne<Target>,
  run: RunDeployment,
  { options, terminal, printed = [] }: Printing,
): Promise<number> {
  const ids = targets.map(({ id }) => id);
  const progress = progressFor(ids, terminal, options.json === true);
  const interruption = onInterrupt(progress);
  try {
    const finished = await deployToTargets(run, targets, { progress, interruption: interruption.signal });
    progress.stop();
    const [first, ...others] = finished;
    return printReport(
      [without(printed, first), ...others.map((one) => without(printed, one))],
      options,
      terminal,
    );
  } finally {
    interruption.stop();
    progress.stop();
  }
}

function without(printed: readonly string[], finished: FinishedDeployment): FinishedDeployment {
  const warnings = finished.output.warnings.filter((warning) => !printed.includes(warning));
  return { ...finished, output: { ...finished.output, warnings } };
}

/** Prints the report as text, or as one JSON document. Returns the exit code. */
export function printReport(
  finished: AtLeastOne<FinishedDeployment>,
  options: BackendOptions,
  terminal: Terminal,
): number {
  const { out, err } = terminal;
  const report = reportOf(finished);
  if (options.json === true) {
    out(JSON.stringify(report));
    for (const { target, output } of finished) {
      for (const warning of output.warnings) err(`warning: ${target.id}: ${warning}`);
    }
  } else {
    out('');
    for (const line of summaryLines(finished, terminal, commandLineFor(options))) out(line);
  }
  return exitCodeOf(report);
}

/** The first Ctrl-C lets running deployments finish and starts no further one; the second ends this process at once. */
function onInterrupt({ print }: Progress): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) process.exit(interruptedExitCode);
    controller.abort();
    print(
      'Waiting for running deployments. Press Ctrl-C again to exit at once; the next run completes them.',
    );
  };
  process.on('SIGINT', listener);
  return { signal: controller.signal, stop: () => process.off('SIGINT', listener) };
}
