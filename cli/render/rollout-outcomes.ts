import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { Colours } from '../terminal/terminal.ts';

/** The sign and the description of an outcome. */
interface RolloutMeaning {
  readonly sign: 'good' | 'warning' | 'bad';
  readonly meaning: string;
}

export const rolloutMeanings: Readonly<Record<RolloutOutcome, RolloutMeaning>> = {
  finished: { sign: 'good', meaning: 'every target has the version' },
  already_rolled_out: { sign: 'good', meaning: 'a rollout of this version is running or has ended' },
  superseded: { sign: 'good', meaning: 'a newer version is being rolled out' },
  finished_with_failures: {
    sign: 'warning',
    meaning: 'every target was deployed to; tolerated failures remain',
  },
  refused: { sign: 'bad', meaning: 'no deployment was started' },
  halted: {
    sign: 'bad',
    meaning: 'no further deployments are started; deployed targets keep the new version',
  },
  rolled_back: { sign: 'bad', meaning: 'all changed targets serve their previous version again, verified' },
  rollback_incomplete: {
    sign: 'bad',
    meaning: 'some targets could not be rolled back; manual action required',
  },
};

/** What the targets serve after a rollout that failed; the other outcomes are missing. */
export const servedAfterRollout: Readonly<Partial<Record<RolloutOutcome | 'lost', string>>> = {
  finished_with_failures: 'the new version, except on the failed targets',
  refused: 'as before: no deployment was started',
  halted: 'the new version on the deployed targets, the previous version on the others',
  rolled_back: 'the previous version on each target that the rollout had changed, verified',
  rollback_incomplete: 'unknown on the failed targets, the previous version on the others',
  lost: 'unknown on targets whose deployment was running; "certferry sweep" probes all of them',
};

/** The sign of an outcome. */
export function rolloutMark(outcome: RolloutOutcome, { green, yellow, red }: Colours): string {
  const signs = { good: green('✔'), warning: yellow('!'), bad: red('✖') };
  return signs[rolloutMeanings[outcome].sign];
}

/** The outcome of a deployment in a wave. In a rollback wave, `deployed` means the previous version. */
export function outcomeText(outcome: string, direction: 'forward' | 'rollback' | undefined): string {
  return direction === 'rollback' && outcome === 'deployed' ? 'rolled back' : outcome;
}
