import { counted } from '../../core/counted.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { type Failure, type Visit, visitsOf } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';
import type { Colours } from '../terminal/terminal.ts';
import { duration, fold } from './text.ts';

export interface Layout {
  readonly colours: Colours;
  /** The maximum number of columns of a line. */
  readonly width: number;
}

export interface GraphLayout extends Layout {
  /** Whether to list the transitions not taken and the states never entered, instead of their number. */
  readonly all?: boolean;
}

/**
 * The execution graph with the path taken, from top to bottom. Each visit has its duration, its retries and its result.
 * The last line is about the states never entered.
 */
export function graphLines(
  machine: StateMachine,
  events: readonly ExecutionEvent[],
  layout: GraphLayout,
): string[] {
  const visits = visitsOf(events);
  const blocks = visits.map((visit) => [
    ...visitLines(machine, visit, layout),
    ...(layout.all === true ? notTaken(machine, visit, layout) : []),
  ]);
  const { dim } = layout.colours;
  const drawn = blocks.flatMap((block, index) => (index === 0 ? block : [dim('│'), ...block]));
  return [...drawn, ...neverEntered(machine, visits, layout)];
}

/** With fewer columns than this beside the states, the notes are printed below them. */
const minimumNoteWidth = 24;

/** One visit without the transitions not taken, as the demo prints it during the execution. */
export function visitLines(machine: StateMachine, visit: Visit, layout: Layout): string[] {
  const { dim, bold } = layout.colours;
  const nameWidth = Math.max(...Object.keys(machine.States).map((name) => name.length));
  const time = timeOf(visit).padStart(8);
  const beside = 2 + nameWidth + 1 + time.length + 2;
  const fits = layout.width - beside >= minimumNoteWidth;
  const indent = fits ? beside : 4;
  const notes = notesOf(machine, visit).flatMap((note) => fold(note, layout.width - indent));
  const head = `${symbolOf(machine, visit, layout.colours)} ${bold(visit.state.padEnd(nameWidth))} ${dim(time)}`;
  const gutter = visit.type === 'Succeed' || visit.type === 'Fail' ? ' ' : dim('│');
  const [first = '', ...rest] = fits ? notes : ['', ...notes];
  return [
    first === '' ? head.trimEnd() : `${head}  ${first}`,
    ...rest.map((line) => `${gutter}${' '.repeat(indent - 1)}${line}`),
  ];
}

function timeOf(visit: Visit): string {
  if (visit.endedAt === null) return '…';
  // choices and end states take no time
  if (['Choice', 'Succeed', 'Fail', 'Pass'].includes(visit.type)) return '';
  return duration(visit.endedAt - visit.enteredAt);
}

/** The state of a visit, shown as a sign. */
export type Sign = 'running' | 'succeeded' | 'failed' | 'choice' | 'wait' | 'good' | 'troubled';

/** The sign of a visit. For a task that succeeded it depends on the result: `good` or `troubled`. */
export function signOf(machine: StateMachine, visit: Visit): Sign {
  if (visit.endedAt === null) return 'running';
  if (visit.type === 'Succeed') return 'succeeded';
  if (visit.type === 'Fail' || visit.failure !== null) return 'failed';
  if (visit.type === 'Choice') return 'choice';
  if (visit.type === 'Wait') return 'wait';
  return unfavourable.has(verdictOf(resultOf(machine, visit))) ? 'troubled' : 'good';
}

function symbolOf(machine: StateMachine, visit: Visit, { green, red, yellow, cyan, dim }: Colours): string {
  const symbols: Readonly<Record<Sign, string>> = {
    running: dim('○'),
    succeeded: green('✔'),
    failed: red('✖'),
    choice: cyan('◇'),
    wait: yellow('◷'),
    troubled: yellow('●'),
    good: green('●'),
  };
  return symbols[signOf(machine, visit)];
}

/** Outcomes and verdicts that need attention although the task itself succeeded. */
const unfavourable = new Set([
  'retry',
  'exhausted',
  'rejected',
  'validate_failed',
  'reload_failed',
  'rolled_back',
  'rolled_back_unverified',
  'deployed_unprobed',
  'rollback_failed',
  'lost',
  'halt',
  'back_off',
  'stop',
  'rollback',
]);

/** The notes of a visit: its retries, the result of a task, and the next state after a choice or a failure. */
export function notesOf(machine: StateMachine, visit: Visit): string[] {
  return [...retryNotes(visit.retries), ...ownNotes(machine, visit)];
}

function ownNotes(machine: StateMachine, visit: Visit): string[] {
  if (visit.type === 'Fail') return [visit.failure?.error ?? ''];
  if (visit.failure !== null) return [failureNote(visit.failure, visit.caughtBy)];
  if (visit.type === 'Choice') return visit.next === null ? [] : [`→ ${visit.next}`];
  return [resultNote(machine, visit)].filter((note) => note !== '');
}

function failureNote({ error, cause }: Failure, caughtBy: string | null): string {
  const where = caughtBy === null ? '' : ` → ${caughtBy}`;
  return `${cause === '' ? error : `${error}: ${cause}`}${where}`;
}

function retryNotes(retries: readonly Failure[]): string[] {
  const last = retries.at(-1);
  if (last === undefined) return [];
  const times = retries.length === 1 ? 'retried once' : `retried ${retries.length} times`;
  return [`↻ ${times}: ${failureNote(last, null)}`];
}

/** The result of a task: its `outcome` or `verdict`, and its `summary`. */
function resultNote(machine: StateMachine, visit: Visit): string {
  const result = resultOf(machine, visit);
  if (result === null) return '';
  const note = [verdictOf(result), stringOf(result.summary)].filter((part) => part !== '').join(': ');
  return note === '' ? fenceNote(result) : note;
}

function verdictOf(result: Record<string, unknown> | null): string {
  return stringOf(result?.outcome ?? result?.verdict);
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Only AcquireLock returns the whole state, which contains the fence. */
function fenceNote(result: Record<string, unknown>): string {
  const fence = asRecord(result.deployment)?.fence;
  return typeof fence === 'number' ? `fence ${fence}` : '';
}

/** Tasks of a rollout return its whole state; these fields contain their results. */
const resultFields: Readonly<Record<string, string>> = {
  NextWave: 'wave',
  JudgeWave: 'judgement',
  ProbeServices: 'judgement',
  HaltRollout: 'halt',
};

/** The result of a task, read at its ResultPath. */
function resultOf(machine: StateMachine, visit: Visit): Record<string, unknown> | null {
  if (visit.type !== 'Task') return null;
  const path = /^\$\.(\w+)$/.exec(machine.States[visit.state]?.ResultPath ?? '')?.[1];
  const field = path ?? resultFields[visit.state];
  const whole = asRecord(visit.output);
  return field === undefined ? whole : asRecord(whole?.[field]);
}

function asRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}

function notTaken(machine: StateMachine, visit: Visit, { colours, width }: Layout): string[] {
  const state = machine.States[visit.state];
  if (state?.Type !== 'Choice') return [];
  const targets = [...(state.Choices ?? []).map(({ Next }) => Next), state.Default ?? ''];
  const others = [...new Set(targets)].filter((name) => name !== '' && name !== visit.next);
  if (others.length === 0) return [];
  const [first = '', ...rest] = fold(`not taken: ${others.join(', ')}`, width - 5);
  return [colours.dim(`├╌╌╌ ${first}`), ...rest.map((line) => colours.dim(`│    ${line}`))];
}

function neverEntered(
  machine: StateMachine,
  visits: readonly Visit[],
  { all = false, colours, width }: GraphLayout,
): string[] {
  const entered = new Set(visits.map((visit) => visit.state));
  const others = Object.keys(machine.States).filter((name) => !entered.has(name));
  if (others.length === 0) return [];
  const folded = `${counted(others.length, 'other state was', 'other states were')} never entered (--all lists them)`;
  const lines = fold(all ? `never entered: ${others.join(', ')}` : folded, width);
  return ['', ...lines.map((line) => colours.dim(line))];
}
