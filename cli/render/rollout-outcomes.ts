import type { RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { Colours } from '../terminal/terminal.ts';

/** How an end is to be taken, and what it means in words. */
interface RolloutMeaning {
  readonly sign: 'good' | 'look' | 'bad';
  readonly meaning: string;
}

export const rolloutMeanings: Readonly<Record<RolloutOutcome, RolloutMeaning>> = {
  finished: { sign: 'good', meaning: 'every target has the version' },
  already_rolled_out: { sign: 'good', meaning: 'this version is being, or has been, rolled out' },
  superseded: { sign: 'good', meaning: 'a newer version is being rolled out' },
  finished_with_failures: { sign: 'look', meaning: 'every target was reached, and some failed' },
  refused: { sign: 'bad', meaning: 'nothing was started' },
  halted: { sign: 'bad', meaning: 'no further deployment begins; what was changed stays' },
  rolled_back: { sign: 'bad', meaning: 'everything it changed is back, verified' },
  rollback_incomplete: { sign: 'bad', meaning: 'some targets could not be put back; a person is needed' },
};

/** One sign for how a rollout's end is to be taken: good, to be looked at, bad. */
export function rolloutMark(outcome: RolloutOutcome, { green, yellow, red }: Colours): string {
  const signs = { good: green('✔'), look: yellow('!'), bad: red('✖') };
  return signs[rolloutMeanings[outcome].sign];
}

/** The outcome of a deployment in a wave: one that goes back has deployed the version before. */
export function outcomeWords(outcome: string, direction: 'forward' | 'back' | undefined): string {
  return direction === 'back' && outcome === 'deployed' ? 'put back' : outcome;
}
