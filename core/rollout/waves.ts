import type { Share, Strategy } from '../registry/strategy.ts';

/** How many of `total` targets are reached once a wave of this size is over: a part of a target is a whole one. */
export function goalOf(share: Share, total: number): number {
  return Math.min(total, typeof share === 'number' ? share : Math.ceil(partOf(share, total)));
}

/** How many failures of `total` targets are tolerated: of a part of a target, none. */
export function toleratedOf(share: Share, total: number): number {
  return typeof share === 'number' ? share : Math.floor(partOf(share, total));
}

const partOf = (percentage: string, total: number) => (total * Number.parseInt(percentage, 10)) / 100;

/** A wave of the strategy, by its index from 0, and how many targets it wants reached. */
export interface Step {
  readonly step: number;
  readonly goal: number;
}

/** The first wave that is not there yet, given how many targets are; null when all of them are. */
export function stepAfter(
  { waves }: Pick<Strategy, 'waves'>,
  { reached, total }: { readonly reached: number; readonly total: number },
): Step | null {
  const step = waves.findIndex((share) => goalOf(share, total) > reached);
  const share = waves[step];
  return share === undefined ? null : { step, goal: goalOf(share, total) };
}
