import { decideNextStep } from './decide-next-step.ts';
import {
  type EndedWave,
  failuresIn,
  needsReport,
  unprobedIn,
  wasGone,
  wasSkipped,
} from './deployment-results.ts';
import type { Judgement, RolloutState } from './rollout.ts';
import { toleratedOf } from './wave-sizes.ts';

/** The input of {@link judgeWave}: `waves` are all ended waves, this one last. */
export interface WaveEvidence {
  readonly state: RolloutState;
  readonly waves: readonly EndedWave[];
  /** The failures counted by the deployments themselves, and the reason of a halt during the wave, if there was one. */
  readonly control: {
    readonly failures: number;
    readonly reason: string | null;
    readonly supersededBy: string | null;
  };
}

/** Decides the next step of a rollout after a wave. Pure. */
export function judgeWave({ state, waves, control }: WaveEvidence): Judgement {
  const { wave, judgement, rollout } = state;
  const { sinceWave } = judgement;
  const tolerated = toleratedOf(rollout.strategy.toleratedFailures, wave.total);
  const failed = Math.max(failuresIn(waves, sinceWave) + wave.refused, control.failures);
  const base = { attempt: 0, waitSeconds: 0, sinceWave, failed, tolerated, reason: null };
  const results = waves.at(-1)?.results ?? [];
  const waveSummary = summaryOf(results, wave);
  // NextWave ends a superseded rollout
  if (wave.direction === 'rollback' || control.supersededBy !== null) {
    return { ...base, verdict: 'next', summary: waveSummary };
  }
  if (failed > tolerated) {
    const summary = `${waveSummary}; ${failed} failed, ${tolerated} tolerated`;
    return { ...base, verdict: 'halt', summary, reason: 'TooManyFailures' };
  }
  const unprobed = unprobedIn(waves, sinceWave);
  if (failed + unprobed > tolerated) {
    const summary = `${waveSummary}; ${unprobed} could not be probed, ${tolerated} tolerated`;
    return { ...base, verdict: 'halt', summary, reason: 'TooManyUnprobed' };
  }
  const skipped = results.filter(wasSkipped).length;
  if (skipped > 0) {
    const summary = `${waveSummary}; ${skipped} skipped: ${control.reason ?? 'the rollout was halted'}`;
    return { ...base, verdict: 'halt', summary, reason: 'RolloutHalted' };
  }
  const verdict = rollout.serviceEndpoints.length > 0 ? 'probe_services' : decideNextStep(state);
  return { ...base, verdict, summary: waveSummary };
}

function summaryOf(results: EndedWave['results'], { number, direction }: RolloutState['wave']): string {
  const failures = results.filter(needsReport);
  const gone = results.filter(wasGone).length;
  const succeeded = results.filter((one) => !needsReport(one) && !wasSkipped(one)).length - gone;
  const verb = direction === 'rollback' ? 'rolled back' : 'succeeded';
  const wave = `wave ${number}: ${succeeded} of ${results.length} ${verb}${gone === 0 ? '' : `, ${gone} gone`}`;
  if (failures.length === 0) return wave;
  const shown = failures.slice(0, shownFailures).map(({ targetId, outcome }) => `${targetId} ${outcome}`);
  const more = failures.length - shown.length;
  return `${wave}; ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A summary must fit on one line of a console. */
const shownFailures = 5;
