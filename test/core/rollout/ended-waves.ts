import type { EndedWave, Result } from '../../../core/rollout/deployment-results.ts';

/** The result of a deployment. Its status is that of the execution, by default as the outcome leads to it. */
export const result = (targetId: string, outcome: string, status?: string): Result => {
  const bad = [
    'lost',
    'rolled_back',
    'rolled_back_unverified',
    'rollback_failed',
    'rejected',
    'States.Timeout',
  ].includes(outcome);
  return { targetId, outcome, status: status ?? (bad ? 'FAILED' : 'SUCCEEDED'), summary: '' };
};

/** A wave that deploys the new version. */
export const forward = (number: number, ...results: Result[]): EndedWave => ({
  number,
  direction: 'forward',
  results,
});

/** A wave that installs the previous version. */
export const back = (number: number, ...results: Result[]): EndedWave => ({
  number,
  direction: 'rollback',
  results,
});
