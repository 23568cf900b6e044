/** The parsed output of `certferry rollout` on a pipe. */
export interface RolloutOutput {
  readonly id: string;
  /** The outcome of the rollout; `(none)` if the output has none. */
  readonly outcome: string;
  /** The targets and outcomes of each wave, in the order in which they ended. */
  readonly waves: readonly ReadonlyMap<string, string>[];
  /** The lines from the outcome on. */
  readonly summary: readonly string[];
}

const ending = /^\S rollout \S+ {2}(\w+): /;
const targetEnded = /^(local-\d+): (.*)$/;

export function readRolloutOutput(stdout: string): RolloutOutput {
  const lines = stdout.trimEnd().split('\n');
  const end = lines.findIndex((line) => ending.test(line));
  const progress = end === -1 ? lines : lines.slice(0, end);
  return {
    id: /^rollout (\S+)$/m.exec(stdout)?.[1] ?? '',
    outcome: ending.exec(lines[end] ?? '')?.[1] ?? '(none)',
    waves: wavesIn(progress),
    summary: end === -1 ? [] : lines.slice(end),
  };
}

/** A line about the rollout itself separates two waves. */
function wavesIn(progress: readonly string[]): Map<string, string>[] {
  const waves: Map<string, string>[] = [new Map()];
  for (const line of progress) {
    const [, target, outcome] = targetEnded.exec(line) ?? [];
    if (target === undefined || outcome === undefined) waves.push(new Map());
    else waves.at(-1)?.set(target, outcome);
  }
  return waves.filter(({ size }) => size > 0);
}

/** The number of targets with this outcome. */
export function countOf(waves: RolloutOutput['waves'], outcome: string): number {
  return waves.flatMap((wave) => [...wave.values()]).filter((one) => one === outcome).length;
}

/** Whether the rollout rolled back whole waves, and the newest wave first. */
export function newestFirst(waves: RolloutOutput['waves']): boolean {
  const back = waves.filter((wave) => [...wave.values()].includes('rolled back'));
  const forward = waves.filter((wave) => !back.includes(wave));
  const waveOf = (target: string) => forward.findIndex((wave) => wave.get(target) === 'deployed');
  const order = back.flatMap((wave) => [...wave.keys()].map(waveOf));
  return order.every((number, at) => at === 0 || number <= (order[at - 1] ?? 0));
}
