import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
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
import { exitCodes, interruptedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { deployToTargets, type RunDeployment } from './deploy-to-targets.ts';

/** The maximum wait for the lock of a target or its host, in seconds. */
export interface WaitOption {
  readonly wait?: number;
}

interface Printing {
  readonly options: BackendOptions & WaitOption;
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
  const silent = options.json === true || options.quiet === true;
  const progress = progressFor(ids, terminal, { silent, lockWaitSeconds: options.wait });
  const interruption = onInterrupt(progress, options);
  const watched = {
    ...progress,
    event(targetId: string, event: ExecutionEvent) {
      interruption.observe(event);
      progress.event(targetId, event);
    },
  };
  try {
    const finished = await deployToTargets(run, targets, {
      progress: watched,
      interruption: interruption.signal,
    });
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

const isFailed = ({ output }: FinishedDeployment) => exitCodes[output.outcome] !== 0;

/** Prints the report as text, or as one JSON document. With `--quiet`, the text has failures only. Returns the exit code. */
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
    return exitCodeOf(report);
  }
  const [first, ...others] = options.quiet === true ? finished.filter(isFailed) : finished;
  if (first === undefined) return exitCodeOf(report);
  out('');
  for (const line of summaryLines([first, ...others], terminal, commandLineFor(options))) out(line);
  return exitCodeOf(report);
}

/**
 * The first Ctrl-C lets running deployments finish and starts no further one; the second ends this process at once. While
 * every deployment still waits for its locks, the first one ends this process: in local mode, nothing has begun.
 */
function onInterrupt({ print, stop }: Progress, { stack }: BackendOptions) {
  const controller = new AbortController();
  let hasBegun = false;
  const listener = () => {
    if (!hasBegun) {
      stop();
      print(stack === undefined ? nothingBegun : continuesInAccount);
    }
    if (controller.signal.aborted || !hasBegun) process.exit(interruptedExitCode);
    controller.abort();
    print(
      'Waiting for running deployments. Press Ctrl-C again to exit at once; the next run completes them.',
    );
  };
  process.on('SIGINT', listener);
  return {
    signal: controller.signal,
    /** A deployment has begun when it enters the state after AcquireLock. */
    observe: ({ type, state }: ExecutionEvent) => {
      hasBegun ||= type === 'StateEntered' && state?.name !== 'AcquireLock';
    },
    stop: () => process.off('SIGINT', listener),
  };
}

const nothingBegun = 'Interrupted: no deployment had its locks, so nothing was changed.';
const continuesInAccount =
  'The deployments wait for their locks in the account, and continue without this command. "certferry history" lists them when they have ended.';
