import { createLogUpdate } from 'log-update';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import type { RolloutObserver } from '../../services/backend/backend.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { OwnCommand } from './next-steps.ts';
import { outcomeText } from './rollout-outcomes.ts';
import { followDeployment, followRollout, newView, type RolloutView, rolloutLines } from './rollout-view.ts';
import { fold } from './text.ts';

/** Shows a running rollout. `print` writes a line above the live view. */
export interface RolloutProgress extends Required<RolloutObserver> {
  readonly print: (line: string) => void;
  readonly stop: () => void;
}

/** No progress: with `--json`, standard output is one document. */
export function silentRollout(err: (line: string) => void): RolloutProgress {
  const nothing = () => {};
  return {
    print: err,
    onStart: nothing,
    onEvent: nothing,
    onDeploymentEvent: nothing,
    onCounts: nothing,
    stop: nothing,
  };
}

/** One plain line for each decision of the rollout, and one for each finished target. */
export function plainRollout({ out, err }: Pick<Terminal, 'out' | 'err'>, own: OwnCommand): RolloutProgress {
  const view = newView();
  return {
    print: err,
    onStart(id) {
      view.id = id;
      out(`rollout ${id}`);
    },
    onEvent(event) {
      followRollout(view, event);
      const text = decisionText(view, event, own);
      if (text !== '') out(`rollout: ${text}`);
    },
    onDeploymentEvent(targetId, event) {
      const outcome = followDeployment(view, targetId, event);
      if (outcome !== null) out(`${targetId}: ${outcomeText(outcome, view.snapshot?.wave.direction)}`);
    },
    onCounts: () => {},
    stop: () => {},
  };
}

/** The decision of a task of the rollout; empty if there is none. */
function decisionText({ snapshot, id }: RolloutView, event: ExecutionEvent, own: OwnCommand): string {
  const state = event.state?.name;
  if (event.type === 'StateEntered' && state === 'AwaitApproval')
    return `waiting for approval: ${own(`approve ${id}`)}`;
  if (event.type !== 'StateExited' || snapshot === null) return '';
  switch (state) {
    case 'NextWave':
      return snapshot.wave.summary;
    case 'JudgeWave':
    case 'ProbeServices':
      return snapshot.judgement.summary;
    case 'AwaitApproval':
      return snapshot.approval === null ? '' : `${snapshot.approval.verdict} by ${snapshot.approval.by}`;
    case 'HaltRollout':
      return snapshot.halt?.verdict === 'rollback' ? 'halted, rolling back' : 'halted';
    default:
      return '';
  }
}

/** Redrawn in place: the wave, the counts, and one line for each running deployment. */
function liveRollout(terminal: Terminal, own: OwnCommand): RolloutProgress {
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
    print: (line) => above(terminal.err, line),
    onStart(id) {
      view.id = id;
    },
    onEvent(event) {
      followRollout(view, event);
      const text = decisionText(view, event, own);
      if (text !== '') above(terminal.out, text);
    },
    onDeploymentEvent: (targetId, event) => void followDeployment(view, targetId, event),
    onCounts(counts) {
      view.counts = counts;
    },
    stop() {
      clearInterval(timer);
      // the summary replaces the live view
      draw.clear();
      draw.done();
    },
  };
}

/** The progress display for the terminal. */
export function rolloutProgressFor(terminal: Terminal, own: OwnCommand, json: boolean): RolloutProgress {
  if (json) return silentRollout(terminal.err);
  return terminal.interactive ? liveRollout(terminal, own) : plainRollout(terminal, own);
}
