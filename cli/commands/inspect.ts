import { machineFile } from '../built.ts';
import type { Execution } from '../ferry.ts';
import { executionLines, machineNameOf } from '../render/execution.ts';
import { visitsOf } from '../render/visits.ts';
import { elapsed } from '../report.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { ownCommand, type PlaceOptions, placeOf } from './place.ts';
import { withPlace } from './with-ferry.ts';

/** `certferry inspect`: the execution graph with the path taken. Throws UsageError for an execution that is not there. */
export async function inspect(name: string, options: PlaceOptions, terminal: Terminal): Promise<number> {
  const place = placeOf(options, 'inspect');
  const execution = await withPlace(place, (there) => there.inspect(name));
  if (execution === null) throw new UsageError(unknown(name, options));
  if (options.json === true) terminal.out(JSON.stringify(documentOf(execution)));
  else {
    const machine = machineFile(machineNameOf(execution.events));
    for (const line of executionLines(machine, execution, terminal)) terminal.out(line);
  }
  return 0;
}

/** `visits` is the path as the drawing has it; `events` is what it was made from. */
function documentOf({ executionName, status, output, events }: Execution): object {
  const visits = visitsOf(events);
  return { executionId: executionName, status, output, durationMs: elapsed(events), visits, events };
}

function unknown(name: string, options: PlaceOptions): string {
  const where = options.stack === undefined ? options.state : `stack ${options.stack}`;
  const [history, rollouts] = [ownCommand(options)('history'), ownCommand(options)('rollouts')];
  return `there is no execution ${name} in ${where}: "${history}" and "${rollouts}" list those there are`;
}
