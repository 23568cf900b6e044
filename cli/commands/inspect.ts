import { writeFileSync } from 'node:fs';
import type { Execution, There } from '../../services/backend/backend.ts';
import { defaultState, ownCommand, type PlaceOptions, placeOf } from '../options/backend-options.ts';
import { executionLines, machineNameOf } from '../render/execution.ts';
import { elapsed } from '../report/deployment-report.ts';
import { visitsOf } from '../report/visits.ts';
import { machineFile } from '../terminal/built-files.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withPlace } from './open-backend.ts';

export interface InspectOptions extends PlaceOptions {
  readonly html?: string;
}

/**
 * `certferry inspect`: the execution graph with the path taken, or with `--html` a page of it in a file. Throws UsageError
 * for an execution that is not there and a file that cannot be written.
 */
export async function inspect(name: string, options: InspectOptions, terminal: Terminal): Promise<number> {
  const place = placeOf(options, 'inspect');
  const found = await withPlace(place, (there) => readFrom(there, name, options.html !== undefined));
  if (found === null) throw new UsageError(unknown(name, options));
  const { execution } = found;
  const machine = machineFile(machineNameOf(execution.events));
  if (options.html !== undefined) {
    const { executionPage } = await import('../page/execution-page.ts');
    write(options.html, executionPage({ ...found, machine }, ownCommand(options)));
  }
  if (options.json === true) terminal.out(JSON.stringify(documentOf(execution)));
  else if (options.html !== undefined) terminal.out(`${options.html}: written; open it in a browser`);
  else {
    const layout = { ...terminal, own: ownCommand(options) };
    for (const line of executionLines(machine, execution, layout)) terminal.out(line);
  }
  return 0;
}

/** The terminal has no room for a rollout's deployments; the page lists them. */
async function readFrom(there: There, name: string, withWaves: boolean) {
  const execution = await there.inspect(name);
  if (execution === null) return null;
  const isRollout = machineNameOf(execution.events) === 'rollout';
  return { execution, waves: withWaves && isRollout ? await there.waves(execution) : [] };
}

function write(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}

/** `visits` is the path as the drawing has it; `events` is what it was made from. */
function documentOf({ executionName, status, output, events }: Execution): object {
  const visits = visitsOf(events);
  return { executionId: executionName, status, output, durationMs: elapsed(events), visits, events };
}

function unknown(name: string, options: PlaceOptions): string {
  const where = options.stack === undefined ? (options.state ?? defaultState) : `stack ${options.stack}`;
  const [history, rollouts] = [ownCommand(options)('history'), ownCommand(options)('rollouts')];
  return `there is no execution ${name} in ${where}: "${history}" and "${rollouts}" list those there are`;
}
