import type { RolloutEnd, RolloutWatch } from '../../services/backend/backend.ts';
import { ownCommand, type PlaceOptions } from '../options/backend-options.ts';
import { rolloutProgressFor } from '../render/rollout-progress.ts';
import { rolloutSummaryLines } from '../render/rollout-summary.ts';
import { rolloutExitCodeOf, rolloutReportOf } from '../report/rollout-report.ts';
import { describeError } from '../terminal/errors.ts';
import { interruptedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';

interface Following {
  readonly options: PlaceOptions;
  readonly terminal: Terminal;
  /** Halts the rollout, and may be called again; null where it goes on without this process. */
  readonly interrupt: ((id: string) => Promise<unknown>) | null;
}

/**
 * Shows a rollout until it ends, and reports. Returns the exit code.
 *
 * On this machine the first Ctrl-C halts it: deployments that have begun are finished, none is begun. In an account it
 * only ends the watching. The second one leaves at once.
 */
export async function followToItsEnd(
  begin: (watch: RolloutWatch) => Promise<RolloutEnd>,
  { options, terminal, interrupt }: Following,
): Promise<number> {
  const own = ownCommand(options);
  const progress = rolloutProgressFor(terminal, own, options.json === true);
  let id = '';
  let asked = false;
  /** Asked for again with each step: a rollout is known, and one that is resumed runs again, only after its first. */
  const halt = async () => {
    if (!asked || id === '' || interrupt === null) return;
    try {
      await interrupt(id);
    } catch (error) {
      progress.say(`It could not be halted: ${describeError(error).message}`);
    }
  };
  const listener = () => {
    if (interrupt === null) {
      progress.stop();
      terminal.err(`The rollout goes on in the account. Watch it again: ${own(`rollout --follow ${id}`)}`);
      terminal.err(`Let no further deployment begin: ${own(`halt ${id}`)}`);
    }
    if (asked || interrupt === null) process.exit(interruptedExitCode);
    asked = true;
    progress.say('Halting: deployments that have begun are finished. Press Ctrl-C again to leave at once.');
    void halt();
  };
  process.on('SIGINT', listener);
  try {
    const begun = (started: string) => {
      id = started;
      progress.begun(started);
    };
    const event: RolloutWatch['event'] = (happened) => {
      progress.event(happened);
      void halt();
    };
    const end = await begin({ ...progress, begun, event });
    progress.stop();
    return report(end, options, terminal);
  } finally {
    process.off('SIGINT', listener);
    progress.stop();
  }
}

function report(end: RolloutEnd, options: PlaceOptions, terminal: Terminal): number {
  if (options.json === true) terminal.out(JSON.stringify(rolloutReportOf(end)));
  else {
    terminal.out('');
    for (const line of rolloutSummaryLines(end, terminal, ownCommand(options))) terminal.out(line);
  }
  return rolloutExitCodeOf(end);
}
