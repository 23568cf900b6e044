import { createLogUpdate } from 'log-update';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import type { Terminal } from '../terminal.ts';
import { mark } from './summary.ts';
import { duration } from './text.ts';
import type { ExecutionEvent } from './visits.ts';

/** Told of each event of each target's execution, and of its end. */
export interface Progress {
  readonly event: (targetId: string, event: ExecutionEvent) => void;
  readonly ended: (targetId: string, outcome: DeploymentOutcome) => void;
  readonly stop: () => void;
}

/** Says nothing: with `--json`, standard output is one document. */
export const silentProgress: Progress = { event: () => {}, ended: () => {}, stop: () => {} };

/** One plain line for each state entered. */
export function plainProgress(out: (line: string) => void): Progress {
  return {
    event: (targetId, event) => {
      if (event.type === 'StateEntered') out(`${targetId}: ${event.state?.name}`);
      if (event.type === 'StateRetried') out(`${targetId}: ${event.state?.name}, tried again`);
    },
    ended: (targetId, outcome) => out(`${targetId}: ${outcome}`),
    stop: () => {},
  };
}

/** What the live view knows of a target. Times are epoch milliseconds. */
export interface Line {
  readonly startedAt: number;
  endedAt: number | null;
  state: string;
  tries: number;
  outcome: DeploymentOutcome | null;
}

/** The state of every target begun, as lines of text. `now` is epoch milliseconds. */
export function liveLines(
  lines: ReadonlyMap<string, Line>,
  now: number,
  { colours }: Pick<Terminal, 'colours'>,
): string[] {
  const idWidth = Math.max(0, ...[...lines.keys()].map((id) => id.length));
  const stateWidth = Math.max(0, ...[...lines.values()].map((line) => line.state.length));
  const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
  return [...lines].map(([id, line]) => {
    const spinner = colours.cyan(frames[Math.floor(now / 100) % frames.length] ?? '');
    const sign = line.outcome === null ? spinner : mark(line.outcome, colours);
    const time = duration((line.endedAt ?? now) - line.startedAt).padStart(8);
    const tries = line.tries > 1 ? ` (try ${line.tries})` : '';
    return `${sign} ${id.padEnd(idWidth)}  ${line.state.padEnd(stateWidth)}${colours.dim(time)}${tries}`;
  });
}

/** One line a target that is drawn over: the state it is in and the time since it began. */
export function liveProgress(terminal: Terminal): Progress {
  const lines = new Map<string, Line>();
  const draw = createLogUpdate(process.stdout);
  const redraw = () => draw(liveLines(lines, Date.now(), terminal).join('\n'));
  const timer = setInterval(redraw, 100);
  return {
    event: (targetId, event) => {
      const line = lines.get(targetId) ?? begin(event);
      lines.set(targetId, line);
      follow(line, event);
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

function begin(event: ExecutionEvent): Line {
  return { startedAt: event.timestamp, endedAt: null, state: 'starting', tries: 1, outcome: null };
}

function follow(line: Line, event: ExecutionEvent): void {
  if (event.type === 'StateEntered') Object.assign(line, { state: event.state?.name ?? '', tries: 1 });
  if (event.type === 'StateRetried') line.tries += 1;
}

/** The progress that suits the terminal. */
export function progressFor(terminal: Terminal, json: boolean): Progress {
  if (json) return silentProgress;
  return terminal.interactive ? liveProgress(terminal) : plainProgress(terminal.out);
}
