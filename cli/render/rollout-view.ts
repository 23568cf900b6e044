import * as z from 'zod/mini';
import { counted } from '../../core/counted.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import {
  type DeploymentOutcome,
  DeploymentOutcome as Outcome,
  outcomeMeanings,
} from '../../core/deployment/outcome.ts';
import type { WaveCounts } from '../../services/backend/backend.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { OwnCommand } from './next-steps.ts';
import { follow, liveLines, type TargetLine, waitingLine } from './progress.ts';

const direction = z.enum(['forward', 'rollback']);

/**
 * The displayed part of the state that tasks of a rollout return. Other fields are ignored, so that a stack of another
 * version of certferry can be displayed too.
 */
const DisplayedState = z.object({
  rollout: z.object({ certificate: z.string(), strategy: z.object({ waves: z.array(z.unknown()) }) }),
  wave: z.object({
    direction,
    number: z.int(),
    step: z.int(),
    count: z.int(),
    reached: z.int(),
    total: z.int(),
    summary: z.string(),
  }),
  judgement: z.object({ failed: z.int(), tolerated: z.int(), summary: z.string() }),
  approval: z.nullable(z.object({ verdict: z.string(), by: z.string() })),
  halt: z.nullable(z.object({ verdict: z.string() })),
});
type DisplayedState = z.infer<typeof DisplayedState>;

/** The view of a running rollout. */
export interface RolloutView {
  id: string;
  /** The current state of the execution. */
  state: string;
  /** The result of the last task; null before the first. */
  snapshot: DisplayedState | null;
  /** The started deployments of the wave, by target. Empty for a rollout on a stack. */
  readonly lines: Map<string, TargetLine>;
  /** The progress of the wave, for a rollout on a stack. */
  counts: WaveCounts | null;
}

/** A view without events. */
export function newView(): RolloutView {
  return { id: '', state: '', snapshot: null, lines: new Map(), counts: null };
}

/** Updates the view with an event of the rollout's execution. */
export function followRollout(view: RolloutView, event: ExecutionEvent): void {
  if (event.type === 'StateEntered') {
    view.state = event.state?.name ?? '';
    if (view.state === 'DeployWave') {
      view.lines.clear();
      view.counts = null;
    }
  }
  const state = z.safeParse(DisplayedState, event.type === 'StateExited' ? event.state?.output : undefined);
  if (state.success) view.snapshot = state.data;
}

/** Updates the view with an event of a deployment. Returns the outcome after the last event, otherwise null. */
export function followDeployment(
  view: RolloutView,
  targetId: string,
  event: ExecutionEvent,
): DeploymentOutcome | null {
  const line = view.lines.get(targetId) ?? waitingLine();
  view.lines.set(targetId, line);
  follow(line, event);
  const outcome = outcomeIn(event);
  if (outcome !== null)
    Object.assign(line, { outcome, state: outcome, attempts: 1, endedAt: event.timestamp });
  return outcome;
}

/** The input of an end state contains the recorded outcome. */
function outcomeIn({ type, state }: ExecutionEvent): DeploymentOutcome | null {
  if (type !== 'StateEntered' || (state?.type !== 'Succeed' && state?.type !== 'Fail')) return null;
  const recorded = z.safeParse(z.object({ outcome: Outcome }), state.input);
  return recorded.success ? recorded.data.outcome : 'lost';
}

/** The progress of the wave. */
export function countsOf({ lines, counts, snapshot }: RolloutView): WaveCounts {
  if (counts !== null) return counts;
  const ended = [...lines.values()].flatMap(({ outcome }) => (outcome === null ? [] : [outcome]));
  const succeeded = ended.filter((outcome) => outcomeMeanings[outcome].succeeded).length;
  return {
    waiting: Math.max((snapshot?.wave.count ?? 0) - lines.size, 0),
    running: lines.size - ended.length,
    succeeded,
    failed: ended.length - succeeded,
  };
}

/** `wave 2 of 3`. Rollback waves have no number in the strategy. */
function waveText({ snapshot }: RolloutView): string {
  if (snapshot === null) return 'reading the certificate';
  const { direction, step, number } = snapshot.wave;
  return direction === 'rollback'
    ? `rollback, wave ${number}`
    : `wave ${step + 1} of ${snapshot.rollout.strategy.waves.length}`;
}

const succeededText = { forward: 'deployed', rollback: 'rolled back' };

function progressText(view: RolloutView): string {
  const { succeeded, failed, running, waiting: left } = countsOf(view);
  const direction = view.snapshot?.wave.direction ?? 'forward';
  const parts = [
    `${succeeded} ${succeededText[direction]}`,
    `${failed} failed`,
    `${running} running`,
    `${left} waiting`,
  ];
  return `${counted(view.snapshot?.wave.count ?? 0, 'target')}: ${parts.join(', ')}`;
}

/** What the rollout does now. `own` writes a certferry command line. */
export function stateText(view: RolloutView, own: OwnCommand): string {
  const { state, snapshot, id } = view;
  switch (state) {
    case 'DeployWave':
      return progressText(view);
    case 'AwaitApproval':
      return `waiting for approval: ${own(`approve ${id}`)}`;
    case 'AwaitTurn':
      return snapshot?.wave.summary ?? '';
    case 'PauseBetweenWaves':
      return 'pause before the next wave';
    case 'ProbeServices':
    case 'BackOffServices':
      return 'probing the service endpoints';
    default:
      return state;
  }
}

/** The live view, at most `rows` lines. `now` is epoch milliseconds. */
export function rolloutLines(
  view: RolloutView,
  now: number,
  { colours, rows, own }: Pick<Terminal, 'colours'> & { rows: number; own: OwnCommand },
): string[] {
  const { bold, dim } = colours;
  const { snapshot, id } = view;
  const subject = snapshot === null ? '' : `  ${snapshot.rollout.certificate}`;
  const reached = snapshot === null ? [] : [dim(reachedText(snapshot))];
  const head = [
    `rollout ${bold(id)}${subject}`,
    `${bold(waveText(view))}  ${stateText(view, own)}`,
    ...reached,
  ];
  const running = [...view.lines].filter(([, { outcome }]) => outcome === null);
  const fitting = Math.max(rows - head.length - 2, 1);
  const shown = new Map(running.slice(0, fitting));
  const more = running.length > shown.size ? [dim(`and ${running.length - shown.size} more`)] : [];
  return [...head, ...liveLines(shown, now, { colours, rows: fitting + 1 }), ...more];
}

function reachedText({ wave, judgement }: DisplayedState): string {
  const failed = `${judgement.failed} failed in previous waves, ${judgement.tolerated} tolerated`;
  return `${wave.reached} of ${wave.total} targets done before this wave; ${failed}`;
}
