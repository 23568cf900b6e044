import { isLast } from './after-wave.ts';
import type { RolloutState, Wave } from './rollout.ts';

/** How far apart a rollout that waits looks whether it was halted or superseded: a twelfth of what is left, in these bounds. */
const shortestSeconds = 60;
const longestSeconds = 900;
const partOfRest = 12;

/**
 * One look is nine events of a history that ends at 25,000 (aws-facts 6). After so many looks they come half as often,
 * again and again: a year, longer than which no execution lasts, is 2,200 looks.
 */
const looksUntilRarer = 300;

/** Windows are waited for with hosts found anew at least this often: some come, some go. */
const longestUntilPlanned = 3600;

/** Seconds until the next look of a rollout that waits for `remaining` seconds more and has looked so often before. */
export function secondsToLook(remaining: number, looks: number): number {
  const rarer = 2 ** Math.floor(looks / looksUntilRarer);
  const part = Math.ceil(remaining / partOfRest);
  return Math.min(remaining, Math.max(shortestSeconds * rarer, Math.min(longestSeconds * rarer, part)));
}

/** A rollout that waits from now on, for so many seconds. */
export function waiting(
  wave: Wave,
  { seconds, now }: { readonly seconds: number; readonly now: Date },
): Wave {
  const from = epochSeconds(now);
  const planAt = from + Math.min(seconds, wave.verdict === 'pause' ? seconds : longestUntilPlanned);
  return looking({ ...wave, hold: { ...wave.hold, until: from + seconds, planAt } }, from);
}

/**
 * The wave of a rollout that has nothing to do now but to wait: for the end of the strategy's pause, which begins with the
 * first look after a wave, or for the time to look at hosts and windows again. Null when it is time to plan.
 */
export function stillWaiting(
  state: Pick<RolloutState, 'rollout' | 'wave' | 'judgement' | 'approval'>,
  now: Date,
): Wave | null {
  const { rollout, wave } = state;
  const { pauseSeconds } = rollout.strategy;
  if (pauseBegins(state)) {
    const reached = wave.reached + wave.count;
    const until = new Date(now.getTime() + pauseSeconds * 1000).toISOString().slice(0, 16);
    const summary = `${reached} of ${wave.total} reached; a pause until ${until}Z`;
    return waiting({ ...wave, verdict: 'pause', reached, count: 0, summary }, { seconds: pauseSeconds, now });
  }
  const isWaiting = wave.verdict === 'pause' || wave.verdict === 'wait';
  return isWaiting && epochSeconds(now) < wave.hold.planAt ? looking(wave, epochSeconds(now)) : null;
}

function pauseBegins({
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

function looking(wave: Wave, now: number): Wave {
  const { until, planAt, looks } = wave.hold;
  const waitSeconds = Math.min(secondsToLook(until - now, looks), planAt - now);
  return { ...wave, waitSeconds, hold: { until, planAt, looks: looks + 1 } };
}

const epochSeconds = (moment: Date) => Math.floor(moment.getTime() / 1000);
