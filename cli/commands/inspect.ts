import type { Backend, InspectedExecution } from '../../services/backend/backend.ts';
import { type BackendOptions, selectBackend } from '../options/backend-options.ts';
import { commandLineFor } from '../options/command-line.ts';
import { selectedState } from '../options/state-option.ts';
import { executionLines, machineNameOf } from '../render/execution.ts';
import { timesOf } from '../render/times.ts';
import { elapsed } from '../report/deployment-report.ts';
import { visitsOf } from '../report/visits.ts';
import { machineFile } from '../terminal/built-files.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { writeOutput } from '../terminal/write-file.ts';
import { withBackend } from './open-backend.ts';

export interface InspectOptions extends BackendOptions {
  readonly all?: boolean;
  readonly html?: string;
  readonly utc?: boolean;
}

/**
 * `certferry inspect`: the graph of an execution, or with `--html` a page in a file. Throws UsageError if there is no such
 * execution, or the file cannot be written.
 */
export async function inspect(name: string, options: InspectOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'inspect');
  const found = await withBackend(selection, (backend) => read(backend, name, options.html !== undefined));
  if (found === null) throw new UsageError(noSuchExecution(name, options));
  const { execution } = found;
  const machine = machineFile(machineNameOf(execution.events));
  const [own, times] = [commandLineFor(options), timesOf(options)];
  if (options.html !== undefined) {
    const { executionPage } = await import('../page/execution-page.ts');
    writeOutput(options.html, executionPage({ ...found, machine }, own, times));
  }
  if (options.json === true) terminal.out(JSON.stringify(documentOf(execution)));
  else if (options.html !== undefined) terminal.out(`${options.html}: written. Open it in a browser.`);
  else {
    const layout = { ...terminal, own, times, all: options.all === true };
    for (const line of executionLines(machine, execution, layout)) terminal.out(line);
  }
  return 0;
}

/** Only the page lists the deployments of a rollout: a terminal has no space for them. */
async function read(backend: Pick<Backend, 'inspect' | 'waves'>, name: string, withWaves: boolean) {
  const execution = await backend.inspect(name);
  if (execution === null) return null;
  const isRollout = machineNameOf(execution.events) === 'rollout';
  return { execution, waves: withWaves && isRollout ? await backend.waves(execution) : [] };
}

/** `visits` is the path in the graph, derived from `events`. */
function documentOf({ executionName, status, output, events }: InspectedExecution): object {
  const visits = visitsOf(events);
  return { executionId: executionName, status, output, durationMs: elapsed(events), visits, events };
}

function noSuchExecution(name: string, options: BackendOptions): string {
  const where = options.stack === undefined ? selectedState(options.state) : `stack ${options.stack}`;
  const commandLine = commandLineFor(options);
  return `there is no execution ${name} in ${where}. "${commandLine('history')}" and "${commandLine('rollouts')}" list the executions.`;
}
