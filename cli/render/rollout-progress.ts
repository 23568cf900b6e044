import { createLogUpdate } from 'log-update';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { RolloutObserver } from '../../services/backend/backend.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { outcomeWords } from './rollout-outcomes.ts';
import { followDeployment, followRollout, newView, type RolloutView, rolloutLines } from './rollout-view.ts';
import { fold } from './text.ts';

/** Shows a rollout while it goes on; `say` writes a line beside what it draws. */
export interface RolloutProgress extends Required<RolloutObserver> {
  readonly say: (line: string) => void;
  readonly stop: () => void;
}

type Own = (words: string) => string;

/** Says nothing: with `--json`, standard output is one document. */
export function silentRollout(err: (line: string) => void): RolloutProgress {
  const nothing = () => {};
  return {
    say: err,
    onStart: nothing,
    onEvent: nothing,
    onDeploymentEvent: nothing,
    onCounts: nothing,
    stop: nothing,
  };
}

/** One plain line for what the rollout decides, and one for each target that has ended. */
export function plainRollout({ out, err }: Pick<Terminal, 'out' | 'err'>, own: Own): RolloutProgress {
  const view = newView();
  return {
    say: err,
    onStart(id) {
      view.id = id;
      out(`rollout ${id}`);
    },
    onEvent(event) {
      followRollout(view, event);
      const words = wordsOf(view, event, own);
      if (words !== '') out(`rollout: ${words}`);
    },
    onDeploymentEvent(targetId, event) {
      const outcome = followDeployment(view, targetId, event);
      if (outcome !== null) out(`${targetId}: ${outcomeWords(outcome, view.known?.wave.direction)}`);
    },
    onCounts: () => {},
    stop: () => {},
  };
}

/** What a task of the rollout has decided. */
function wordsOf({ known, id }: RolloutView, event: ExecutionEvent, own: Own): string {
  const state = event.state?.name;
  if (event.type === 'StateEntered' && state === 'AwaitApproval')
    return `a person is asked: ${own(`approve ${id}`)}`;
  if (event.type !== 'StateExited' || known === null) return '';
  switch (state) {
    case 'NextWave':
      return known.wave.summary;
    case 'JudgeWave':
    case 'ProbeServices':
      return known.judgement.summary;
    case 'AwaitApproval':
      return known.approval === null ? '' : `${known.approval.verdict} by ${known.approval.by}`;
    case 'HaltRollout':
      return known.halt?.verdict === 'roll_back' ? 'halted; what it has changed is put back' : 'halted';
    default:
      return '';
  }
}

/** Drawn over: the wave, the counts, and one line a target that is being deployed to. */
function liveRollout(terminal: Terminal, own: Own): RolloutProgress {
  const view = newView();
  const draw = createLogUpdate(process.stdout);
  const redraw = () => {
    const size = { colours: terminal.colours, rows: process.stdout.rows, own };
    draw(rolloutLines(view, Date.now(), size).join('\n'));
  };
  const above = (write: (line: string) => void, line: string) => {
    draw.clear();
    for (const one of fold(line, terminal.width)) write(one);
    redraw();
  };
  const timer = setInterval(redraw, 100);
  return {
    say: (line) => above(terminal.err, line),
    onStart(id) {
      view.id = id;
    },
    onEvent(event) {
      followRollout(view, event);
      const words = wordsOf(view, event, own);
      if (words !== '') above(terminal.out, words);
    },
    onDeploymentEvent: (targetId, event) => void followDeployment(view, targetId, event),
    onCounts(counts) {
      view.counts = counts;
    },
    stop() {
      clearInterval(timer);
      // the summary that follows says all of it again, and more
      draw.clear();
      draw.done();
    },
  };
}

/** The progress that suits the terminal. */
export function rolloutProgressFor(terminal: Terminal, own: Own, json: boolean): RolloutProgress {
  if (json) return silentRollout(terminal.err);
  return terminal.interactive ? liveRollout(terminal, own) : plainRollout(terminal, own);
}
