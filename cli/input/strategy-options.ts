import { StrategyOverrides } from '../../core/registry/strategy.ts';
import { problemLines } from '../../core/targets/problems.ts';
import { UsageError } from '../terminal/errors.ts';

/** A strategy as options say it: texts, of which what is not said is undefined. */
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

/** What the options say of the strategy. Throws UsageError, naming each option that is wrong. */
export function readStrategy(options: StrategyOptions): StrategyOverrides {
  const said = {
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
  const input = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  const parsed = StrategyOverrides.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = problemLines({ schema: StrategyOverrides, input }, parsed.error.issues);
  throw new UsageError(problems.map(asOption).join('\n'));
}

/** Shares (`10%`) stay texts. */
function numberOr(text: string | undefined): number | string | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** `pauseSeconds: expected …` is about `--pause`; quotes are for files. */
function asOption(problem: string): string {
  return problem.replace(' in quotes', '').replace(/^\w+/, (field) => {
    const words = field.replace(/Seconds$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return `--${words}`;
  });
}
