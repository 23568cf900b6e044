import type { InspectedExecution } from '../../local/ferry.ts';
import { deployTargetMachine } from '../built.ts';
import { executionLines } from '../render/execution.ts';
import { visitsOf } from '../render/visits.ts';
import { elapsed } from '../report.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { type LocalOptions, requireLocalMode } from './local-only.ts';
import { withFerry } from './with-ferry.ts';

/** `certferry inspect`: the execution graph with the path taken. Throws UsageError for an execution that is not there. */
export async function inspect(name: string, options: LocalOptions, terminal: Terminal): Promise<number> {
  requireLocalMode(options, 'inspect');
  const execution = await withFerry(options.state, (ferry) => ferry.inspect(name));
  if (execution === null) throw new UsageError(unknown(name, options));
  if (options.json === true) terminal.out(JSON.stringify(documentOf(execution)));
  else for (const line of executionLines(deployTargetMachine(), execution, terminal)) terminal.out(line);
  return 0;
}

/** `visits` is the path as the drawing has it; `events` is what it was made from. */
function documentOf({ executionName, status, output, events }: InspectedExecution): object {
  const visits = visitsOf(events);
  return { executionId: executionName, status, output, durationMs: elapsed(events), visits, events };
}

function unknown(name: string, { state }: LocalOptions): string {
  return `there is no execution ${name} in ${state}: "certferry history --local" lists those there are`;
}
