import { createLogUpdate } from 'log-update';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { DeploymentOutcome } from '../../core/deployment/outcome.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { lockHolder, lockWaitText } from './lock-wait.ts';
import { mark } from './summary.ts';
import { duration } from './text.ts';

/** Receives the events and the outcome of each target's execution. `print` writes a line above the live view. */
export interface Progress {
  readonly print: (line: string) => void;
  readonly event: (targetId: string, event: ExecutionEvent) => void;
  readonly ended: (targetId: string, outcome: DeploymentOutcome) => void;
  readonly stop: () => void;
}

/** No progress: with `--json`, standard output is one document. */
export function silentProgress(err: (line: string) => void): Progress {
  return { print: err, event: () => {}, ended: () => {}, stop: () => {} };
}

/** One plain line for each state entered, and one for each holder of a lock. `lockWaitSeconds` is the value of `--wait`. */
export function plainProgress(
  { out, err }: Pick<Terminal, 'out' | 'err'>,
  lockWaitSeconds?: number,
): Progress {
  const holders = new Map<string, string>();
  return {
    print: err,
    event: (targetId, event) => {
      const holder = lockHolder(event);
      if (holder !== null && holders.get(targetId) !== holder) {
        holders.set(targetId, holder);
        out(`${targetId}: ${lockWaitText(holder, lockWaitSeconds)}`);
      }
      if (event.type === 'StateEntered') out(`${targetId}: ${event.state?.name}`);
      if (event.type !== 'StateRetried') return;
      if (event.state?.name !== 'AcquireLock' || !holders.has(targetId)) {
        out(`${targetId}: ${event.state?.name}, retried`);
      }
    },
    ended: (targetId, outcome) => out(`${targetId}: ${outcome}`),
    stop: () => {},
  };
}

/** A target in the live view. Times are epoch milliseconds; `startedAt` is null until the deployment starts. */
export interface TargetLine {
  startedAt: number | null;
  endedAt: number | null;
  state: string;
  attempts: number;
  outcome: DeploymentOutcome | null;
  /** The execution for whose lock the deployment waits. */
  heldBy?: string | null;
}

const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** A spinner. `now` is epoch milliseconds. */
export function spinner(now: number, { cyan }: Terminal['colours']): string {
  return cyan(frames[Math.floor(now / 100) % frames.length] ?? '');
}

interface LiveLayout extends Pick<Terminal, 'colours'> {
  readonly rows: number;
  readonly lockWaitSeconds?: number | undefined;
}

/**
 * One line for each target: its current state and the time since its start. If the screen has fewer `rows`, only the
 * running targets and the counts are shown. `now` is epoch milliseconds. `lockWaitSeconds` is the value of `--wait`.
 */
export function liveLines(
  all: ReadonlyMap<string, TargetLine>,
  now: number,
  { colours, rows, lockWaitSeconds }: LiveLayout,
): string[] {
  const waits = [...all.values()].filter(({ heldBy = null }) => heldBy !== null).length;
  const fits = all.size + waits < rows;
  const lines = [...all].filter(([, line]) => fits || isRunning(line));
  const idWidth = Math.max(0, ...lines.map(([id]) => id.length));
  const stateWidth = Math.max(0, ...lines.map(([, { state }]) => state.length));
  const shown = lines.flatMap(([id, line]) => {
    const time = line.startedAt === null ? '' : duration((line.endedAt ?? now) - line.startedAt).padStart(8);
    const attempts = line.attempts > 1 ? ` (attempt ${line.attempts})` : '';
    const text = `${id.padEnd(idWidth)}  ${line.state.padEnd(stateWidth)}`;
    const shownLine = `${signOf(line, now, colours)} ${text}${colours.dim(time)}${attempts}`.trimEnd();
    const { heldBy = null } = line;
    return heldBy === null
      ? [shownLine]
      : [shownLine, `  ${colours.dim(lockWaitText(heldBy, lockWaitSeconds))}`];
  });
  return fits ? shown : [...shown, colours.dim(countOf([...all.values()]))];
}

function signOf({ startedAt, outcome }: TargetLine, now: number, colours: Terminal['colours']): string {
  if (outcome !== null) return mark(outcome, colours);
  if (startedAt === null) return colours.dim('·');
  return spinner(now, colours);
}

function isRunning({ startedAt, outcome }: TargetLine): boolean {
  return startedAt !== null && outcome === null;
}

function countOf(lines: readonly TargetLine[]): string {
  const ended = lines.filter(({ outcome }) => outcome !== null).length;
  return `${ended} of ${lines.length} targets finished, ${lines.filter(isRunning).length} running`;
}

/** One line for each target, redrawn in place. */
function liveProgress(
  targetIds: readonly string[],
  terminal: Terminal,
  lockWaitSeconds: number | undefined,
): Progress {
  const lines = new Map(targetIds.map((id) => [id, waitingLine()]));
  const draw = createLogUpdate(process.stdout);
  const redraw = () => {
    const size = { colours: terminal.colours, rows: process.stdout.rows, lockWaitSeconds };
    draw(liveLines(lines, Date.now(), size).join('\n'));
  };
  redraw();
  const timer = setInterval(redraw, 100);
  return {
    print: (line) => {
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
      if (line !== undefined)
        Object.assign(line, { outcome, state: outcome, attempts: 1, heldBy: null, endedAt: Date.now() });
    },
    stop: () => {
      clearInterval(timer);
      // the summary replaces the live view
      draw.clear();
      draw.done();
    },
  };
}

/** The line of a target whose deployment has not started. */
export function waitingLine(): TargetLine {
  return { startedAt: null, endedAt: null, state: 'waiting', attempts: 1, outcome: null };
}

/** Updates the line with an event. */
export function follow(line: TargetLine, event: ExecutionEvent): void {
  line.startedAt ??= event.timestamp;
  if (event.type === 'StateEntered') {
    Object.assign(line, { state: event.state?.name ?? '', attempts: 1, heldBy: null });
  }
  line.heldBy = lockHolder(event) ?? line.heldBy ?? null;
  if (event.type === 'StateRetried') line.attempts += 1;
}

/** The progress display for the terminal; none if `silent`. `lockWaitSeconds` is the value of `--wait`. */
export function progressFor(
  targetIds: readonly string[],
  terminal: Terminal,
  { silent, lockWaitSeconds }: { readonly silent: boolean; readonly lockWaitSeconds?: number | undefined },
): Progress {
  if (silent) return silentProgress(terminal.err);
  return terminal.interactive
    ? liveProgress(targetIds, terminal, lockWaitSeconds)
    : plainProgress(terminal, lockWaitSeconds);
}
