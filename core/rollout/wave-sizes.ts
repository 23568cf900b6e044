import type { Share, Strategy } from '../registry/strategy.ts';

/** The number of targets deployed to after a wave of this size, out of `total`; fractions are rounded up. */
export function goalOf(share: Share, total: number): number {
  return Math.min(total, typeof share === 'number' ? share : Math.ceil(partOf(share, total)));
}

/** The number of failures tolerated among `total` targets; fractions are rounded down. */
export function toleratedOf(share: Share, total: number): number {
  return typeof share === 'number' ? share : Math.floor(partOf(share, total));
}

const partOf = (percentage: string, total: number) => (total * Number.parseInt(percentage, 10)) / 100;

/** A wave of the strategy by its index, from 0, and the number of targets deployed to after it. */
export interface Step {
  readonly step: number;
  readonly goal: number;
}

/** The first wave whose goal is above `reached`; null if all targets are reached. */
export function stepAfter(
  { waves }: Pick<Strategy, 'waves'>,
  { reached, total }: { readonly reached: number; readonly total: number },
): Step | null {
  const step = waves.findIndex((share) => goalOf(share, total) > reached);
  const share = waves[step];
  return share === undefined ? null : { step, goal: goalOf(share, total) };
}
