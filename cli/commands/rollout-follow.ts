import { interruptedExitCode } from '../exit-codes.ts';
import type { RolloutEnd, RolloutWatch } from '../ferry.ts';
import { rolloutProgressFor } from '../render/rollout-progress.ts';
import { rolloutSummaryLines } from '../render/rollout-summary.ts';
import { rolloutExitCodeOf, rolloutReportOf } from '../rollout-report.ts';
import type { Terminal } from '../terminal.ts';
import { ownCommand, type PlaceOptions } from './place.ts';

interface Following {
  readonly options: PlaceOptions;
  readonly terminal: Terminal;
  /** Halts the rollout at the first Ctrl-C; null where it goes on without this process. */
  readonly interrupt: ((id: string) => Promise<boolean>) | null;
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
  const listener = () => {
    if (interrupt === null) {
      progress.stop();
      terminal.err(`The rollout goes on in the account. Watch it again: ${own(`rollout --follow ${id}`)}`);
      terminal.err(`Let no further deployment begin: ${own(`halt ${id}`)}`);
    }
    if (asked || interrupt === null) process.exit(interruptedExitCode);
    asked = true;
    progress.say('Halting: deployments that have begun are finished. Press Ctrl-C again to leave at once.');
    if (id !== '') void interrupt(id).catch((error) => progress.say(`It could not be halted: ${error}`));
  };
  process.on('SIGINT', listener);
  try {
    const begun = (started: string) => {
      id = started;
      progress.begun(started);
    };
    const end = await begin({ ...progress, begun });
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
