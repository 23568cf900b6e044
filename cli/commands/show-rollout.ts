import type { RolloutObserver, RolloutResult } from '../../services/backend/backend.ts';
import type { BackendOptions } from '../options/backend-options.ts';
import { commandLineFor } from '../options/command-line.ts';
import { type RolloutProgress, rolloutProgressFor } from '../render/rollout-progress.ts';
import { rolloutSummaryLines } from '../render/rollout-summary.ts';
import { rolloutExitCodeOf, rolloutReportOf } from '../report/rollout-report.ts';
import { describeError } from '../terminal/errors.ts';
import { interruptedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';

interface RolloutDisplay {
  readonly options: BackendOptions;
  readonly terminal: Terminal;
  /** Halts the rollout; may be called repeatedly. Null if the rollout continues without this process. */
  readonly interrupt: ((id: string) => Promise<unknown>) | null;
}

/**
 * Shows a rollout until it ends, and prints the report. Returns the exit code.
 *
 * In local mode, the first Ctrl-C halts the rollout: running deployments finish, and no further one starts. On a stack, the
 * first Ctrl-C only stops the display. The second Ctrl-C exits at once.
 */
export async function showRollout(
  start: (observer: RolloutObserver) => Promise<RolloutResult>,
  { options, terminal, interrupt }: RolloutDisplay,
): Promise<number> {
  const progress = rolloutProgressFor(
    terminal,
    commandLineFor(options),
    options.json === true || options.quiet === true,
  );
  const halting = createHalting(interrupt, progress);
  const onSigint = () => {
    if (interrupt === null) leave(halting.id(), progress, { options, terminal });
    if (halting.isRequested() || interrupt === null) process.exit(interruptedExitCode);
    progress.print('Halting: running deployments finish. Press Ctrl-C again to exit at once.');
    halting.request();
  };
  process.on('SIGINT', onSigint);
  try {
    const result = await start({
      ...progress,
      onStart(id) {
        halting.start(id);
        progress.onStart(id);
      },
      onEvent(event) {
        progress.onEvent(event);
        halting.repeat();
      },
    });
    progress.stop();
    return printReport(result, options, terminal);
  } finally {
    process.off('SIGINT', onSigint);
    progress.stop();
  }
}

/** Halts a rollout on request, and again after each event: a new or resumed rollout is registered only by its first state. */
function createHalting(interrupt: RolloutDisplay['interrupt'], { print }: RolloutProgress) {
  let rolloutId = '';
  let requested = false;
  const repeat = async () => {
    if (!requested || rolloutId === '' || interrupt === null) return;
    try {
      await interrupt(rolloutId);
    } catch (error) {
      print(`The rollout could not be halted: ${describeError(error).message}`);
    }
  };
  return {
    id: () => rolloutId,
    isRequested: () => requested,
    start(id: string) {
      rolloutId = id;
    },
    repeat: () => void repeat(),
    request() {
      requested = true;
      void repeat();
    },
  };
}

/** Explains how to follow or halt a rollout that continues in the account. */
function leave(
  id: string,
  progress: RolloutProgress,
  { options, terminal }: { options: BackendOptions; terminal: Terminal },
): void {
  const commandLine = commandLineFor(options);
  progress.stop();
  terminal.err(`The rollout continues in the account. Follow it: ${commandLine(`rollout --follow ${id}`)}`);
  terminal.err(`Halt it: ${commandLine(`halt ${id}`)}`);
}

function printReport(result: RolloutResult, options: BackendOptions, terminal: Terminal): number {
  const exitCode = rolloutExitCodeOf(result);
  if (options.json === true) terminal.out(JSON.stringify(rolloutReportOf(result)));
  else if (options.quiet !== true || exitCode !== 0) {
    terminal.out('');
    for (const line of rolloutSummaryLines(result, terminal, commandLineFor(options))) terminal.out(line);
  }
  return exitCode;
}
