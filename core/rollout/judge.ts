import { afterWave } from './after-wave.ts';
import { type EndedWave, failuresIn, hasFailed, wasSkipped } from './results.ts';
import type { Judgement, RolloutState } from './rollout.ts';
import { toleratedOf } from './waves.ts';

/** What a wave is judged by: all waves that have ended so far, this one last. */
export interface Evidence {
  readonly state: RolloutState;
  readonly waves: readonly EndedWave[];
  /** Failures that the deployments themselves counted, and why the rollout was halted meanwhile, if it was. */
  readonly control: {
    readonly failures: number;
    readonly reason: string | null;
    readonly supersededBy: string | null;
  };
}

/** How the rollout goes on after a wave. Pure. */
export function judgeWave({ state, waves, control }: Evidence): Judgement {
  const { wave, judgement, rollout } = state;
  const { sinceWave } = judgement;
  const tolerated = toleratedOf(rollout.strategy.toleratedFailures, wave.total);
  const failed = Math.max(failuresIn(waves, sinceWave) + wave.refused, control.failures);
  const base = { attempt: 0, waitSeconds: 0, sinceWave, failed, tolerated, reason: null };
  const results = waves.at(-1)?.results ?? [];
  const said = told(results, wave);
  // a superseded one has nobody left to ask: NextWave ends it
  if (wave.direction === 'back' || control.supersededBy !== null) {
    return { ...base, verdict: 'next', summary: said };
  }
  if (failed > tolerated) {
    const summary = `${said}; ${failed} failed, ${tolerated} tolerated`;
    return { ...base, verdict: 'halt', summary, reason: 'TooManyFailures' };
  }
  const skipped = results.filter(wasSkipped).length;
  if (skipped > 0) {
    const summary = `${said}; ${skipped} had no turn: ${control.reason ?? 'the rollout was halted meanwhile'}`;
    return { ...base, verdict: 'halt', summary, reason: 'RolloutHalted' };
  }
  const verdict = rollout.serviceEndpoints.length > 0 ? 'probe_services' : afterWave(state);
  return { ...base, verdict, summary: said };
}

function told(results: EndedWave['results'], { number, direction }: RolloutState['wave']): string {
  const failures = results.filter((result) => hasFailed(result) && !wasSkipped(result));
  const well = results.filter((result) => !hasFailed(result) && !wasSkipped(result)).length;
  const what = direction === 'back' ? 'put back' : 'went well';
  const wave = `wave ${number}: ${well} of ${results.length} ${what}`;
  if (failures.length === 0) return wave;
  const shown = failures.slice(0, shownFailures).map(({ targetId, outcome }) => `${targetId} ${outcome}`);
  const more = failures.length - shown.length;
  return `${wave}; ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A summary is read on one line of a console. */
const shownFailures = 5;
