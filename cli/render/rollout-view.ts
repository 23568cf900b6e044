import * as z from 'zod/mini';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import {
  type DeploymentOutcome,
  DeploymentOutcome as Outcome,
  outcomeMeanings,
} from '../../core/deployment/outcome.ts';
import type { WaveCounts } from '../../services/backend/backend.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { follow, type Line, liveLines, waiting } from './progress.ts';

const direction = z.enum(['forward', 'back']);

/**
 * What is shown of the state that tasks of a rollout return: no more than that, so that a stack of an earlier or later
 * version can be watched too.
 */
const ShownState = z.object({
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
type ShownState = z.infer<typeof ShownState>;

/** What is known of a rollout while it goes on. */
export interface RolloutView {
  id: string;
  /** The state that its execution is in. */
  state: string;
  /** As the last task left it; null before the first. */
  known: ShownState | null;
  /** The deployments of the wave that have begun, by target. Empty where they run elsewhere. */
  readonly lines: Map<string, Line>;
  /** How the wave stands, where its deployments run elsewhere. */
  counts: WaveCounts | null;
}

/** Nothing is known yet. */
export function newView(): RolloutView {
  return { id: '', state: '', known: null, lines: new Map(), counts: null };
}

/** Takes in an event of the rollout's own execution. */
export function followRollout(view: RolloutView, event: ExecutionEvent): void {
  if (event.type === 'StateEntered') {
    view.state = event.state?.name ?? '';
    if (view.state === 'DeployWave') {
      view.lines.clear();
      view.counts = null;
    }
  }
  const state = z.safeParse(ShownState, event.type === 'StateExited' ? event.state?.output : undefined);
  if (state.success) view.known = state.data;
}

/** Takes in an event of one of the deployments. Returns the outcome when it was the last one. */
export function followDeployment(
  view: RolloutView,
  targetId: string,
  event: ExecutionEvent,
): DeploymentOutcome | null {
  const line = view.lines.get(targetId) ?? waiting();
  view.lines.set(targetId, line);
  follow(line, event);
  const outcome = outcomeIn(event);
  if (outcome !== null) Object.assign(line, { outcome, state: outcome, tries: 1, endedAt: event.timestamp });
  return outcome;
}

/** An end state is entered with what was recorded. */
function outcomeIn({ type, state }: ExecutionEvent): DeploymentOutcome | null {
  if (type !== 'StateEntered' || (state?.type !== 'Succeed' && state?.type !== 'Fail')) return null;
  const recorded = z.safeParse(z.object({ outcome: Outcome }), state.input);
  return recorded.success ? recorded.data.outcome : 'lost';
}

/** How the wave stands. */
export function countsOf({ lines, counts, known }: RolloutView): WaveCounts {
  if (counts !== null) return counts;
  const ended = [...lines.values()].flatMap(({ outcome }) => (outcome === null ? [] : [outcome]));
  const succeeded = ended.filter((outcome) => outcomeMeanings[outcome].succeeded).length;
  return {
    waiting: Math.max((known?.wave.count ?? 0) - lines.size, 0),
    running: lines.size - ended.length,
    succeeded,
    failed: ended.length - succeeded,
  };
}

/** Which wave it is: `wave 2 of 3`; waves that go back have no number in the strategy. */
function waveWords({ known }: RolloutView): string {
  if (known === null) return 'reading the certificate';
  const { direction, step, number } = known.wave;
  return direction === 'back'
    ? `going back, wave ${number}`
    : `wave ${step + 1} of ${known.rollout.strategy.waves.length}`;
}

const done = { forward: 'deployed', back: 'put back' };

function deployingWords(view: RolloutView): string {
  const { succeeded, failed, running, waiting: left } = countsOf(view);
  const direction = view.known?.wave.direction ?? 'forward';
  const parts = [
    `${succeeded} ${done[direction]}`,
    `${failed} failed`,
    `${running} running`,
    `${left} waiting`,
  ];
  return `${view.known?.wave.count ?? 0} targets: ${parts.join(', ')}`;
}

/** What the rollout is doing, in words; `own` writes a command line of ours. */
export function stateWords(view: RolloutView, own: (words: string) => string): string {
  const { state, known, id } = view;
  switch (state) {
    case 'DeployWave':
      return deployingWords(view);
    case 'AwaitApproval':
      return `a person is asked: ${own(`approve ${id}`)}`;
    case 'AwaitTurn':
      return known?.wave.summary ?? '';
    case 'PauseBetweenWaves':
      return 'a pause before the next wave';
    case 'ProbeServices':
    case 'BackOffServices':
      return 'looking at what the service as a whole serves';
    default:
      return state;
  }
}

/** What is drawn over on a screen of `rows` lines. `now` is epoch milliseconds. */
export function rolloutLines(
  view: RolloutView,
  now: number,
  { colours, rows, own }: Pick<Terminal, 'colours'> & { rows: number; own: (words: string) => string },
): string[] {
  const { bold, dim } = colours;
  const { known, id } = view;
  const about = known === null ? '' : `  ${known.rollout.certificate}`;
  const reached = known === null ? [] : [dim(reachedWords(known))];
  const head = [
    `rollout ${bold(id)}${about}`,
    `${bold(waveWords(view))}  ${stateWords(view, own)}`,
    ...reached,
  ];
  const running = [...view.lines].filter(([, { outcome }]) => outcome === null);
  const fitting = Math.max(rows - head.length - 2, 1);
  const shown = new Map(running.slice(0, fitting));
  const more = running.length > shown.size ? [dim(`and ${running.length - shown.size} more`)] : [];
  return [...head, ...liveLines(shown, now, { colours, rows: fitting + 1 }), ...more];
}

function reachedWords({ wave, judgement }: ShownState): string {
  const failed = `${judgement.failed} failed in the waves before, ${judgement.tolerated} tolerated`;
  return `${wave.reached} of ${wave.total} targets were reached before this wave; ${failed}`;
}
