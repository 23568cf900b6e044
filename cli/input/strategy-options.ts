import { StrategyOverrides } from '../../core/registry/strategy.ts';
import { problemLines } from '../../core/targets/problems.ts';
import { UsageError } from '../terminal/errors.ts';

/** The strategy options as texts. */
export interface StrategyOptions {
  readonly waves?: string;
  readonly maxConcurrency?: string;
  readonly toleratedFailures?: string;
  readonly pause?: string;
  readonly splay?: string;
  readonly approvalAfterWave?: string;
  readonly approvalTimeout?: string;
  readonly onHalt?: string;
  readonly onStaleService?: string;
}

/** Throws UsageError that names each wrong option. */
export function readStrategy(options: StrategyOptions): StrategyOverrides {
  const values = {
    waves: options.waves?.split(',').map((wave) => numberOr(wave.trim())),
    maxConcurrency: numberOr(options.maxConcurrency),
    toleratedFailures: numberOr(options.toleratedFailures),
    pauseSeconds: numberOr(options.pause),
    splaySeconds: numberOr(options.splay),
    approvalAfterWave: numberOr(options.approvalAfterWave),
    approvalTimeoutSeconds: numberOr(options.approvalTimeout),
    onHalt: options.onHalt,
    onStaleService: options.onStaleService,
  };
  const input = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const parsed = StrategyOverrides.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = problemLines({ schema: StrategyOverrides, input }, parsed.error.issues);
  throw new UsageError(problems.map(asOption).join('\n'));
}

/** Percentages (`10%`) stay texts. */
function numberOr(text: string | undefined): number | string | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Replaces the field (`pauseSeconds`) by its option (`--pause`). The hint about quotes applies to files only. */
function asOption(problem: string): string {
  return problem.replace(' in quotes', '').replace(/^\w+/, (field) => {
    const suffix = field.replace(/Seconds$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return `--${suffix}`;
  });
}
