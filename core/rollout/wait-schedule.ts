import { isLast } from './decide-next-step.ts';
import type { RolloutState, Wave } from './rollout.ts';

/** A waiting rollout checks for halts and newer rollouts after every twelfth of the remaining time, within these bounds. */
const minimumSeconds = 60;
const maximumSeconds = 900;
const partsOfRemaining = 12;

/**
 * One check adds nine events to a history that ends at 25,000 (aws-facts 6). After this many checks the interval doubles,
 * again and again: one year, the maximum duration of an execution, is 2,200 checks.
 */
const checksPerDoubling = 300;

/** The wave is planned again at least this often during a wait, because hosts appear and disappear. Seconds. */
const maximumPlanSeconds = 3600;

/** Seconds until the next check of a rollout that waits for `remaining` more seconds and has made `checks` checks. */
export function secondsToNextCheck(remaining: number, checks: number): number {
  const factor = 2 ** Math.floor(checks / checksPerDoubling);
  const part = Math.ceil(remaining / partsOfRemaining);
  return Math.min(remaining, Math.max(minimumSeconds * factor, Math.min(maximumSeconds * factor, part)));
}

/** The wave of a rollout that waits for `seconds` from now. */
export function startWaiting(
  wave: Wave,
  { seconds, now }: { readonly seconds: number; readonly now: Date },
): Wave {
  const from = epochSeconds(now);
  const planAt = from + Math.min(seconds, wave.verdict === 'pause' ? seconds : maximumPlanSeconds);
  return withNextCheck({ ...wave, hold: { ...wave.hold, until: from + seconds, planAt } }, from);
}

/**
 * The wave of a rollout that only waits: for the end of the strategy's pause, or for the time to plan again. The pause begins
 * with the first check after a wave. Null when it is time to plan.
 */
export function continueWaiting(
  state: Pick<RolloutState, 'rollout' | 'wave' | 'judgement' | 'approval'>,
  now: Date,
): Wave | null {
  const { rollout, wave } = state;
  const { pauseSeconds } = rollout.strategy;
  if (isPauseStart(state)) {
    const reached = wave.reached + wave.count;
    const until = new Date(now.getTime() + pauseSeconds * 1000).toISOString().slice(0, 16);
    const summary = `${reached} of ${wave.total} reached; paused until ${until}Z`;
    return startWaiting(
      { ...wave, verdict: 'pause', reached, count: 0, summary },
      { seconds: pauseSeconds, now },
    );
  }
  const isWaiting = wave.verdict === 'pause' || wave.verdict === 'wait';
  return isWaiting && epochSeconds(now) < wave.hold.planAt ? withNextCheck(wave, epochSeconds(now)) : null;
}

function isPauseStart({
  rollout,
  wave,
  judgement,
  approval,
}: Pick<RolloutState, 'rollout' | 'wave' | 'judgement' | 'approval'>): boolean {
  if (wave.verdict !== 'deploy' || rollout.strategy.pauseSeconds === 0 || isLast(wave)) return false;
  return (
    judgement.verdict === 'pause' ||
    (judgement.verdict === 'ask_approval' && approval?.verdict === 'approved')
  );
}

function withNextCheck(wave: Wave, now: number): Wave {
  const { until, planAt, checks } = wave.hold;
  const waitSeconds = Math.min(secondsToNextCheck(until - now, checks), planAt - now);
  return { ...wave, waitSeconds, hold: { until, planAt, checks: checks + 1 } };
}

const epochSeconds = (moment: Date) => Math.floor(moment.getTime() / 1000);
