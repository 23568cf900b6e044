/** What `certferry rollout` has printed on a pipe. */
export interface Told {
  readonly id: string;
  /** How the rollout ended; `(none)` where it does not say. */
  readonly outcome: string;
  /** Per wave, in the order in which they came to an end: targets and their outcomes. */
  readonly waves: readonly ReadonlyMap<string, string>[];
  /** From the line that says how it ended. */
  readonly summary: readonly string[];
}

const ending = /^\S rollout \S+ {2}(\w+): /;
const targetEnded = /^(local-\d+): (.*)$/;

/** Reads it. */
export function readTold(stdout: string): Told {
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

/** Between two waves stands what the rollout has decided. */
function wavesIn(progress: readonly string[]): Map<string, string>[] {
  const waves: Map<string, string>[] = [new Map()];
  for (const line of progress) {
    const [, target, outcome] = targetEnded.exec(line) ?? [];
    if (target === undefined || outcome === undefined) waves.push(new Map());
    else waves.at(-1)?.set(target, outcome);
  }
  return waves.filter(({ size }) => size > 0);
}

/** How many targets of the waves ended so. */
export function countOf(waves: Told['waves'], outcome: string): number {
  return waves.flatMap((wave) => [...wave.values()]).filter((one) => one === outcome).length;
}

/** Whether what was put back was so by whole waves, the last one that was deployed before those before it. */
export function newestFirst(waves: Told['waves']): boolean {
  const back = waves.filter((wave) => [...wave.values()].includes('rolled back'));
  const forward = waves.filter((wave) => !back.includes(wave));
  const waveOf = (target: string) => forward.findIndex((wave) => wave.get(target) === 'deployed');
  const order = back.flatMap((wave) => [...wave.keys()].map(waveOf));
  return order.every((number, at) => at === 0 || number <= (order[at - 1] ?? 0));
}
