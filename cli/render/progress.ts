import { createLogUpdate } from 'log-update';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { mark } from './summary.ts';
import { duration } from './text.ts';

/** Told of each event of each target's execution, and of its end; `say` writes a line beside what it draws. */
export interface Progress {
  readonly say: (line: string) => void;
  readonly event: (targetId: string, event: ExecutionEvent) => void;
  readonly ended: (targetId: string, outcome: DeploymentOutcome) => void;
  readonly stop: () => void;
}

/** Says nothing: with `--json`, standard output is one document. */
export function silentProgress(err: (line: string) => void): Progress {
  return { say: err, event: () => {}, ended: () => {}, stop: () => {} };
}

/** One plain line for each state entered. */
export function plainProgress({ out, err }: Pick<Terminal, 'out' | 'err'>): Progress {
  return {
    say: err,
    event: (targetId, event) => {
      if (event.type === 'StateEntered') out(`${targetId}: ${event.state?.name}`);
      if (event.type === 'StateRetried') out(`${targetId}: ${event.state?.name}, tried again`);
    },
    ended: (targetId, outcome) => out(`${targetId}: ${outcome}`),
    stop: () => {},
  };
}

/** What the live view knows of a target. Times are epoch milliseconds; `startedAt` is null until it has begun. */
export interface Line {
  startedAt: number | null;
  endedAt: number | null;
  state: string;
  tries: number;
  outcome: DeploymentOutcome | null;
}

const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** A sign that turns while something goes on. `now` is epoch milliseconds. */
export function turning(now: number, { cyan }: Terminal['colours']): string {
  return cyan(frames[Math.floor(now / 100) % frames.length] ?? '');
}

/**
 * One line for each target: the state it is in and the time since it began; where the screen has fewer `rows` than
 * that, only those that are running and how many are not. `now` is epoch milliseconds.
 */
export function liveLines(
  all: ReadonlyMap<string, Line>,
  now: number,
  { colours, rows }: Pick<Terminal, 'colours'> & { rows: number },
): string[] {
  const fits = all.size < rows;
  const lines = [...all].filter(([, line]) => fits || isRunning(line));
  const idWidth = Math.max(0, ...lines.map(([id]) => id.length));
  const stateWidth = Math.max(0, ...lines.map(([, { state }]) => state.length));
  const shown = lines.map(([id, line]) => {
    const time = line.startedAt === null ? '' : duration((line.endedAt ?? now) - line.startedAt).padStart(8);
    const tries = line.tries > 1 ? ` (try ${line.tries})` : '';
    const words = `${id.padEnd(idWidth)}  ${line.state.padEnd(stateWidth)}`;
    return `${signOf(line, now, colours)} ${words}${colours.dim(time)}${tries}`.trimEnd();
  });
  return fits ? shown : [...shown, colours.dim(countOf([...all.values()]))];
}

function signOf({ startedAt, outcome }: Line, now: number, colours: Terminal['colours']): string {
  if (outcome !== null) return mark(outcome, colours);
  if (startedAt === null) return colours.dim('·');
  return turning(now, colours);
}

function isRunning({ startedAt, outcome }: Line): boolean {
  return startedAt !== null && outcome === null;
}

function countOf(lines: readonly Line[]): string {
  const ended = lines.filter(({ outcome }) => outcome !== null).length;
  return `${ended} of ${lines.length} targets have ended, ${lines.filter(isRunning).length} are running`;
}

/** One line a target that is drawn over. */
function liveProgress(targetIds: readonly string[], terminal: Terminal): Progress {
  const lines = new Map(targetIds.map((id) => [id, waiting()]));
  const draw = createLogUpdate(process.stdout);
  const redraw = () => {
    const size = { colours: terminal.colours, rows: process.stdout.rows };
    draw(liveLines(lines, Date.now(), size).join('\n'));
  };
  redraw();
  const timer = setInterval(redraw, 100);
  return {
    say: (line) => {
      draw.clear();
      terminal.err(line);
      redraw();
    },
    event: (targetId, event) => {
      const line = lines.get(targetId);
      if (line !== undefined) follow(line, event);
    },
    ended: (targetId, outcome) => {
      const line = lines.get(targetId);
      if (line !== undefined) Object.assign(line, { outcome, state: outcome, tries: 1, endedAt: Date.now() });
    },
    stop: () => {
      clearInterval(timer);
      // the summary that follows says all of it again, and more
      draw.clear();
      draw.done();
    },
  };
}

/** A line of a target that has not begun. */
export function waiting(): Line {
  return { startedAt: null, endedAt: null, state: 'waiting', tries: 1, outcome: null };
}

/** Changes the line to what an event says. */
export function follow(line: Line, event: ExecutionEvent): void {
  line.startedAt ??= event.timestamp;
  if (event.type === 'StateEntered') Object.assign(line, { state: event.state?.name ?? '', tries: 1 });
  if (event.type === 'StateRetried') line.tries += 1;
}

/** The progress that suits the terminal. */
export function progressFor(targetIds: readonly string[], terminal: Terminal, json: boolean): Progress {
  if (json) return silentProgress(terminal.err);
  return terminal.interactive ? liveProgress(targetIds, terminal) : plainProgress(terminal);
}
