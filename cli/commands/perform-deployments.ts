import type { Target } from '../../core/targets/target.ts';
import { ownCommand, type PlaceOptions } from '../options/backend-options.ts';
import { type Progress, progressFor } from '../render/progress.ts';
import { summaryLines } from '../render/summary.ts';
import { type AtLeastOne, exitCodeOf, type Finished, reportOf } from '../report/deployment-report.ts';
import { interruptedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type Carrier, carry } from './deploy-to-targets.ts';

/** Carries an order to the targets with progress on the terminal, and reports. Returns the exit code. */
export async function perform(
  targets: AtLeastOne<Target>,
  carrier: Carrier,
  { options, terminal }: { options: PlaceOptions; terminal: Terminal },
): Promise<number> {
  const ids = targets.map(({ id }) => id);
  const progress = progressFor(ids, terminal, options.json === true);
  const interruption = onInterrupt(progress);
  try {
    const finished = await carry(carrier, targets, { progress, interruption: interruption.signal });
    progress.stop();
    return finish(finished, options, terminal);
  } finally {
    interruption.stop();
    progress.stop();
  }
}

/** Prints the report, as one JSON document or in words. Returns the exit code. */
export function finish(finished: AtLeastOne<Finished>, options: PlaceOptions, terminal: Terminal): number {
  const { out, err } = terminal;
  const report = reportOf(finished);
  if (options.json === true) {
    out(JSON.stringify(report));
    for (const { target, output } of finished) {
      for (const warning of output.warnings) err(`warning: ${target.id}: ${warning}`);
    }
  } else {
    out('');
    for (const line of summaryLines(finished, terminal, ownCommand(options))) out(line);
  }
  return exitCodeOf(report);
}

/** The first Ctrl-C begins no further target and waits for those begun; the second one ends this process at once. */
function onInterrupt({ say }: Progress): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) process.exit(interruptedExitCode);
    controller.abort();
    say('Waiting for the deployments that have begun; press Ctrl-C again to leave them to the next run.');
  };
  process.on('SIGINT', listener);
  return { signal: controller.signal, stop: () => process.off('SIGINT', listener) };
}
