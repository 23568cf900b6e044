import { openFerry } from '../../local/ferry.ts';
import { deployTargetMachine } from '../built.ts';
import { executionLines } from '../render/execution.ts';
import { visitsOf } from '../render/visits.ts';
import { elapsed } from '../report.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { type LocalOptions, requireLocalMode } from './local-only.ts';

/** `certferry inspect`: the execution graph with the path taken. Throws UsageError for an execution that is not there. */
export async function inspect(name: string, options: LocalOptions, terminal: Terminal): Promise<number> {
  requireLocalMode(options, 'inspect');
  const ferry = await openFerry({ stateDir: options.state });
  try {
    const execution = await ferry.inspect(name);
    if (execution === null) throw new UsageError(unknown(name, options));
    const { executionName, status, output, events } = execution;
    if (options.json === true) {
      const states = visitsOf(events);
      terminal.out(
        JSON.stringify({
          executionId: executionName,
          status,
          output,
          durationMs: elapsed(events),
          states,
          events,
        }),
      );
    } else {
      for (const line of executionLines(deployTargetMachine(), execution, terminal)) terminal.out(line);
    }
    return 0;
  } finally {
    await ferry.close();
  }
}

function unknown(name: string, { state }: LocalOptions): string {
  return `there is no execution ${name} in ${state}: "certferry history --local" lists those there are`;
}
