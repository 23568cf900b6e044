import { type SpawnSyncOptions, spawnSync } from 'node:child_process';

/** Milliseconds: median, minimum and maximum. */
export interface Timing {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Measures several programs `rounds` times in turn (A B A B …), so that changes in machine speed affect all of them. The first
 * round does not count. A program that returns a number has measured itself, without its preparation.
 */
export async function measureInTurn<Name extends string>(
  rounds: number,
  programs: Readonly<Record<Name, (round: number) => unknown>>,
): Promise<Record<Name, Timing>> {
  const names = Object.keys(programs) as Name[];
  const taken = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const started = performance.now();
      const own = await programs[name](round);
      if (round > 0) taken.get(name)?.push(typeof own === 'number' ? own : performance.now() - started);
    }
  }
  return Object.fromEntries(names.map((name) => [name, timingOf(taken.get(name) ?? [])])) as Record<
    Name,
    Timing
  >;
}

/** Runs a program and throws if it fails. Returns its stdout. */
export function runProgram(file: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', ...options });
  if (status === 0) return String(stdout ?? '');
  throw new Error(`${file} ${args.join(' ')} exited with ${status}: ${error?.message ?? stderr}`);
}

/** `12.3 ms (11.9 to 14.0)` */
export function show({ median, min, max }: Timing): string {
  return `${median.toFixed(1)} ms (${min.toFixed(1)} to ${max.toFixed(1)})`;
}

function timingOf(values: readonly number[]): Timing {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}
